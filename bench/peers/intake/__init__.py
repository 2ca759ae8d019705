"""The intake that one would write instead: FastAPI, SQLAlchemy's ORM, Celery. Run by the Python of `.venv-peers`."""
