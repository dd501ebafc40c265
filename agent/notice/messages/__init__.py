"""What people are told: each message is stored before it is sent, and keeps what the other side answered."""
