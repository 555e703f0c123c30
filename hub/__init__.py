"""SERVES AND STORES. The only folder that knows Flask and SQLAlchemy."""
