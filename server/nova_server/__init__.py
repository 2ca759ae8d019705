"""Nova scores job applications."""
