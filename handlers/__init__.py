"""What Plumbline does when GitHub says that something happened."""
