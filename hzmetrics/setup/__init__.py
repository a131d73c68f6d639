"""What an installation needs besides its databases: directories, and a check of everything that can be wrong."""
