"""The table: who calls which model how, what is answered, and what reaches the server."""
