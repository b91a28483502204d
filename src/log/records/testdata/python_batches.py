"""Writes one topic a case with confluent-kafka; argument: bootstrap servers."""

import sys
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

servers = sys.argv[1]
admin = AdminClient({"bootstrap.servers": servers})
codecs = ["gzip", "snappy", "lz4", "zstd"]
topics = ["python-shapes", *(f"python-{codec}" for codec in codecs), "python-transactions"]
for future in admin.create_topics([NewTopic(t, 1, 1) for t in topics]).values():
    future.result()


def producer(**settings):
    return Producer({"bootstrap.servers": servers, "linger.ms": 500, **settings})


p = producer()
p.produce("python-shapes", key=None, value=None, timestamp=1, partition=0)
p.produce("python-shapes", key="", value="", timestamp=1767225600000, partition=0)
p.produce("python-shapes", key="Zürich", value="日本語 🛫", timestamp=4102444800000, partition=0)
p.produce(
    "python-shapes", key="headers", value="v", timestamp=1767225600001, partition=0,
    headers=[("null", None), ("empty", b""), ("größe", "ß🛬".encode()), ("null", b"\x00\xff")],
)
p.flush()
for codec in codecs:
    p = producer(**{"compression.type": codec})
    for i in range(100):
        p.produce(f"python-{codec}", key=f"k{i % 5}", value=f'{{"n":{i}}}' * 3, timestamp=1767225600000 + i, partition=0)
    p.flush()
p = producer(**{"transactional.id": "t2"})
p.init_transactions()
for timestamp, commit in [(1000, True), (2000, False)]:
    p.begin_transaction()
    p.produce("python-transactions", key="a", value="v", timestamp=timestamp, partition=0)
    p.flush()
    p.commit_transaction() if commit else p.abort_transaction()
