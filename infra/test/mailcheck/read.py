"""Reads the messages of an mbox with Python's own email package, and prints one JSON
object for each whose source has one of the hashes given on standard input: what a
reader should have made of it. Usage: read.py FILE < hashes"""

import gzip
import hashlib
import json
import mailbox
import os
import sys
import tempfile
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.utils import getaddresses, parsedate_to_datetime
from datetime import timezone


def people(message, name):
    """The names and addresses of a field, as the package decodes them."""
    found = []
    for field in message.get_all(name, []):
        addresses = getattr(field, "addresses", None)
        if addresses is None:
            addresses = [Address(n, addr_spec=a) for n, a in getaddresses([str(field)])]
        found += [[a.display_name.strip(), a.addr_spec.lower()] for a in addresses]
    return [p for p in found if p != ["", ""]]


def date(message):
    """When it was written, in UTC; "" if that cannot be read."""
    try:
        when = parsedate_to_datetime(str(message["date"]))
        if when.tzinfo is None:
            when = when.replace(tzinfo=timezone.utc)
        return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (TypeError, ValueError):
        return ""


def attachments(message):
    """The hashes of the decoded files: what has a name or is no text."""
    return sorted(
        hashlib.sha256(part.get_payload(decode=True) or b"").hexdigest()
        for part in message.walk()
        if not part.is_multipart() and (part.get_filename() or part.get_content_maintype() != "text")
    )


def main():
    wanted = set(sys.stdin.read().split())
    with tempfile.NamedTemporaryFile(delete=False) as plain:
        opened = gzip.open(sys.argv[1]) if sys.argv[1].endswith(".gz") else open(sys.argv[1], "rb")
        with opened as packed:
            while block := packed.read(1 << 20):
                plain.write(block)
    try:
        box = mailbox.mbox(plain.name, create=False)
        for key in box.keys():
            source = box.get_bytes(key)
            sha256 = hashlib.sha256(source).hexdigest()
            if sha256 not in wanted:
                continue
            message = message_from_bytes(source, policy=policy.default)
            print(json.dumps({
                "sha256": sha256,
                "from": people(message, "from"), "to": people(message, "to"), "cc": people(message, "cc"),
                "date": date(message), "attachments": attachments(message),
            }))
    finally:
        os.unlink(plain.name)


main()
