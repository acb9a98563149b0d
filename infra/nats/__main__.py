"""`python -m infra.nats` renews authorization.conf."""

from infra.nats.authorization import FILE, checked_in

if __name__ == "__main__":
    FILE.write_text(checked_in())
