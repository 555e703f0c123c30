"""The schema's history. Each step runs before and after the code that needs it."""
