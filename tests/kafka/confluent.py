"""confluent-kafka (librdkafka) as a client that knows nothing of ours; confluent.ts runs it.

confluent.py SERVERS steps            carries out the steps on stdin, one JSON object a line:
  {"create": TOPIC, "partitions": N}
  {"producer": NAME, "settings": {...}}
  {"send": {"topic", "partition"?, "ts", "key", "value", "headers"}, "by": NAME}
  {"do": "flush" | "begin" | "commit" | "abort", "by": NAME}
                                      prints [partition, offset] of each record sent, in order
confluent.py SERVERS records TOPIC... prints the committed records, one JSON object a line

Bytes are in base64, or null; headers are a list of [name, value].
"""

import base64
import json
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

TIMEOUT_S = 30


def to_bytes(text):
    return None if text is None else base64.b64decode(text)


def to_text(data):
    return None if data is None else base64.b64encode(data).decode()


def create(servers, topic, partitions):
    admin = AdminClient({"bootstrap.servers": servers})
    for future in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
        future.result(TIMEOUT_S)


def new_producer(servers, settings):
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 20, **settings})
    if "transactional.id" in settings:
        producer.init_transactions(TIMEOUT_S)
    return producer


def send(producer, record, placed):
    index = len(placed)
    placed.append(None)

    def delivered(error, message):
        if error is not None:
            raise KafkaException(error)
        placed[index] = [message.partition(), message.offset()]

    producer.produce(
        record["topic"],
        partition=record.get("partition", -1),
        timestamp=record["ts"],
        key=to_bytes(record["key"]),
        value=to_bytes(record["value"]),
        headers=[(name, to_bytes(value)) for name, value in record["headers"]],
        on_delivery=delivered,
    )
    producer.poll(0)


def flush(producer):
    if producer.flush(TIMEOUT_S) > 0:
        raise TimeoutError(f"not flushed within {TIMEOUT_S} s")


def carry_out(servers, steps):
    producers, placed = {}, []
    for step in steps:
        if "create" in step:
            create(servers, step["create"], step["partitions"])
        elif "producer" in step:
            producers[step["producer"]] = new_producer(servers, step["settings"])
        elif "send" in step:
            send(producers[step["by"]], step["send"], placed)
        else:
            producer = producers[step["by"]]
            {
                "flush": lambda: flush(producer),
                "begin": lambda: producer.begin_transaction(),
                "commit": lambda: producer.commit_transaction(TIMEOUT_S),
                "abort": lambda: producer.abort_transaction(TIMEOUT_S),
            }[step["do"]]()
    for producer in producers.values():
        flush(producer)
    for place in placed:
        print(json.dumps(place))


def print_records(servers, topics):
    consumer = Consumer({
        "bootstrap.servers": servers,
        "group.id": "confluent",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "check.crcs": True,
    })
    waiting = set()
    for topic in topics:
        found = consumer.list_topics(topic, TIMEOUT_S).topics[topic]
        if found.error is not None:
            raise KafkaException(found.error)
        waiting |= {(topic, partition) for partition in found.partitions}
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in waiting])
    give_up = time.monotonic() + TIMEOUT_S
    while waiting:
        if time.monotonic() > give_up:
            raise TimeoutError(f"no end within {TIMEOUT_S} s on {waiting}")
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error() is not None:
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise KafkaException(message.error())
            waiting.discard((message.topic(), message.partition()))
            continue
        print(json.dumps({
            "topic": message.topic(),
            "partition": message.partition(),
            "offset": message.offset(),
            "ts": message.timestamp()[1],
            "key": to_text(message.key()),
            "value": to_text(message.value()),
            "headers": [[name, to_text(value)] for name, value in message.headers() or []],
        }))
    consumer.close()


if __name__ == "__main__":
    _, servers, mode, *topics = sys.argv
    if mode == "steps":
        carry_out(servers, [json.loads(line) for line in sys.stdin])
    else:
        print_records(servers, topics)
