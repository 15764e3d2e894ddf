"""``HOST:PORT`` as command lines give it."""

__all__ = ["parse_address"]


def parse_address(text: str) -> tuple[str, int]:
    """Take ``HOST:PORT`` or ``[IPV6]:PORT`` apart.

    Raises
    ------
    ValueError
        It is neither.
    """
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{text!r} is no address: write HOST:PORT, as in 127.0.0.1:22352")
    return host, int(port)
