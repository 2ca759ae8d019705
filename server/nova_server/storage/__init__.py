"""The store: SQLAlchemy Core statements, one module per aggregate, written in groups by one writer."""
