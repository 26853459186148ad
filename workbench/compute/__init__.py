"""The torch room: every tensor of the host lives here."""
