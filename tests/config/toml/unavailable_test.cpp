#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "config/state.h"
#include "config/toml/reading.h"

namespace seki::config {
namespace {

using testing::HasSubstr;

struct Unavailable {
    std::string_view text;
    std::string_view key;
};

class NotAvailable : public testing::TestWithParam<Unavailable> {};

TEST_P(NotAvailable, the_key_is_refused_by_name) {
    const auto& [text, key] = GetParam();
    const auto found = errors(text);
    ASSERT_EQ(found.size(), 1) << testing::PrintToString(found);
    EXPECT_THAT(found[0], HasSubstr(fmt::format(": {}: ", key)));
    EXPECT_THAT(found[0], HasSubstr("not available yet"));
}

#define LISTENER "[[listeners]]\nprotocol = \"http\"\naddress = \"127.0.0.1:80\"\n"
#define CLUSTER "[clusters.a]\nprotocol = \"http\"\n"

INSTANTIATE_TEST_SUITE_P(
    TomlFile, NotAvailable,
    testing::Values(
        Unavailable{"listeners = [{ protocol = \"https\", address = \"127.0.0.1:443\", alpn_protocols = [\"h2\"] }]",
                    "listeners[0].alpn_protocols"},
        Unavailable{"listeners = [{ protocol = \"udp\", address = \"127.0.0.1:53\", max_rx_datagram_size = 1400, "
                    "max_flows = 10 }]",
                    "listeners[0].protocol"},
        Unavailable{LISTENER "expect_proxy = true", "listeners[0].expect_proxy"},
        Unavailable{"[clusters.a]\nprotocol = \"tcp\"\nsend_proxy = true", "clusters.a.send_proxy"},
        Unavailable{CLUSTER "load_balancing = \"MAGLEV\"", "clusters.a.load_balancing"},
        Unavailable{CLUSTER "load_balancing = \"HRW\"", "clusters.a.load_balancing"},
        Unavailable{CLUSTER "http2 = true", "clusters.a.http2"},
        Unavailable{CLUSTER "health_check = { uri = \"/\", interval = 1, timeout = 1, healthy_threshold = 1, "
                            "unhealthy_threshold = 1, expected_status = 200 }",
                    "clusters.a.health_check"},
        Unavailable{CLUSTER "udp = { affinity_key = \"SOURCE_IP_PORT\", responses = 1, requests = 1, "
                            "send_proxy_protocol = true, proxy_protocol_every_datagram = true, health = { mode = "
                            "\"UDP_PROBE\", tcp_port = 1, rise = 1, fall = 1, fail_open = false, udp_probe_payload = "
                            "\"x\", probe_interval_seconds = 1, probe_timeout_seconds = 1 } }",
                    "clusters.a.udp"}),
    [](const auto& instance) {
        std::string name = std::to_string(instance.index) + "_";
        for (const char c : instance.param.key) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
        return name;
    });

}  // namespace
}  // namespace seki::config
