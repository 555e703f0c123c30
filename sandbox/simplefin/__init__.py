"""The Lagoon Bridge: a SimpleFIN server (protocol 1.0) over the accounts of Albion Bank."""
