"""The configuration file: the demo's is good; what is wrong with a bad one is said by field."""

import pytest

from controlplane.config.load import ConfigError, envelope_digest, load_config
from controlplane.config.models import ServiceConfig

BAD = [
    ("max_inventory = 300", "max_inventory = true", "unattended.max_inventory"),
    ("max_inventory = 300", "max_inventory = 1001", "beyond the envelope in max_inventory"),
    ("max_order_size = 100", "max_order_size = -1", "unattended.max_order_size"),
    ("min_imbalance_ratio = 2.5", "min_imbalance_ratio = nan", "unattended.min_imbalance_ratio"),
    ("min_imbalance_ratio = 2.5", "min_imbalance_ratio = 1.4", "beyond the envelope in min_imbalance_ratio"),
    ("retries = 8", "retires = 8", "taker.retires"),
    ("remove = 3000", "remove = 0.003", "fees.remove"),
    ("imbalance_ratio = 3.0", "imbalance_ratio = 1.2", "below envelope.min_imbalance_ratio"),
    ('name = "PWBB"', 'name = "PWAA"', "named twice"),
    ('name = "PWBB"', 'name = "pw b"', "symbols.1.name"),
    ("commission = 0", "commission = 10", "per_share_commission = 0"),
    ("collar = 1000", "collar = 0", "max_order_value_dollars needs a collar"),
    ("max_open_orders = 8", "max_open_orders = 256", "limits.max_open_orders"),
    ("max_daily_loss = 1000000000", "max_daily_loss = -1", "limits.max_daily_loss"),
    ("[fees]", "[fees", "is not TOML"),
    ("[envelope]", "[join]\nZZZZ = 5\n[envelope]", "ZZZZ"),
]


def demo_text(demo_file):
    return demo_file.read_text()


@pytest.fixture
def demo_file(request):
    return request.config.rootpath / "controlplane" / "config" / "demo.toml"


@pytest.mark.parametrize(("good", "bad", "words"), BAD)
def test_bad_files_are_refused_in_words(demo_file, tmp_path, good, bad, words):
    text = demo_text(demo_file)
    assert good in text
    path = tmp_path / "bad.toml"
    path.write_text(text.replace(good, bad, 1))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert words in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot read .*none\.toml"):
        load_config(tmp_path / "none.toml")


def test_the_digest_follows_the_envelope_alone(demo_file):
    config = load_config(demo_file)
    table = config.model_dump()
    same = ServiceConfig.model_validate(table | {"order_session_up": False})
    assert envelope_digest(same) == envelope_digest(config)
    other = table | {"envelope": table["envelope"] | {"max_inventory": 999}}
    assert envelope_digest(ServiceConfig.model_validate(other)) != envelope_digest(config)


def test_without_ethernet_addresses_the_card_finds_them(demo_file, tmp_path):
    text = demo_file.read_text()
    for mac in ('mac = "02:00:00:00:00:07", ', 'mac = "02:00:00:00:00:09", '):
        assert mac in text
        text = text.replace(mac, "")
    path = tmp_path / "no_mac.toml"
    path.write_text(text)
    requests = load_config(path).requests
    # 0 is what makes the card ask by ARP, and take its own address.
    assert (requests.own.mac_number, requests.server.mac_number) == (0, 0)
    assert load_config(demo_file).requests.server.mac_number == 0x020000000009
