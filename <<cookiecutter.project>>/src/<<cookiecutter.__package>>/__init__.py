"""What is special about <<cookiecutter.project>>: its features and its model."""
