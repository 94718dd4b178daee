// The access log in its other forms: JSON and Sōzu's protobuf.

#include <gmock/gmock.h>
#include <google/protobuf/io/coded_stream.h>

#include <nlohmann/json.hpp>

#include "command.pb.h"
#include "observe/access_log.h"
#include "sink_fixture.h"

namespace seki::observe {
namespace {

using std::chrono::microseconds;

struct AccessFormatsTest : SinkFixture {
    FakeClock clock;
    Log log{*sink, head, clock};
    AccessTags tags{{"owner", "team-a"}, {"note", "a, b=c"}};

    AccessLine shop() const {
        AccessLine line;
        line.now = noon;
        line.session = Ulid{1, 2};
        line.request = Ulid{3, 4};
        line.cluster = "shop";
        line.backend = "shop-0";
        line.client = "192.0.2.9:51234";
        line.backend_address = "[2001:db8::7]:8080";
        line.request_time = microseconds(25'900);
        line.service_time = microseconds(310);
        line.response_time = microseconds(18'000);
        line.client_rtt = microseconds(640);
        line.bytes_in = 187;
        line.bytes_out = 5120;
        line.tag_list = &tags;
        line.user_agent = "curl/8.5.0";
        line.protocol = "https";
        line.authority = "shop.example:443";
        line.method = "GET";
        line.path = "/cart?item=1";
        line.status = 200;
        line.message = "H1::Complete";
        line.tls_version = "TLSv1.3";
        line.tls_cipher = "TLS_AES_128_GCM_SHA256";
        line.tls_sni = "shop.example";
        line.tls_alpn = "http/1.1";
        return line;
    }
    nlohmann::json json_of(const AccessLine& line) {
        AccessLog access(*sink, head, log, AccessLog::Format::json);
        access.write(line);
        const std::string text = received();
        EXPECT_TRUE(text.ends_with("}\n")) << text;
        EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
        return nlohmann::json::parse(text);
    }
    std::vector<command::ProtobufAccessLog> records() {
        std::vector<command::ProtobufAccessLog> all;
        const std::string bytes = received();
        google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                     static_cast<int>(bytes.size()));
        for (uint32_t size = 0; input.ReadVarint32(&size);) {
            const auto limit = input.PushLimit(static_cast<int>(size));
            EXPECT_TRUE(all.emplace_back().ParseFromCodedStream(&input));
            input.PopLimit(limit);
            std::string mark;
            EXPECT_TRUE(input.ReadString(&mark, 2));
            EXPECT_EQ(mark, std::string(2, '\0'));
        }
        return all;
    }
};

TEST_F(AccessFormatsTest, json_has_the_names_of_opentelemetry) {
    const nlohmann::json line = json_of(shop());
    const nlohmann::json expected = {
        {"timestamp", "2026-03-04T10:11:12.345678Z"},
        {"severity_text", "INFO"},
        {"service.instance.id", "WRK-01"},
        {"session.id", Ulid{1, 2}.text()},
        {"seki.request.id", Ulid{3, 4}.text()},
        {"client.address", "192.0.2.9"},
        {"client.port", 51234},
        {"network.protocol.name", "https"},
        {"http.request.method", "GET"},
        {"http.response.status_code", 200},
        {"url.scheme", "https"},
        {"server.address", "shop.example"},
        {"server.port", 443},
        {"url.path", "/cart"},
        {"url.query", "item=1"},
        {"user_agent.original", "curl/8.5.0"},
        {"seki.cluster", "shop"},
        {"seki.backend", "shop-0"},
        {"seki.backend.address", "2001:db8::7"},
        {"seki.backend.port", 8080},
        {"http.request.size", 187},
        {"http.response.size", 5120},
        {"http.server.request.duration", 0.0259},
        {"seki.service.duration", 0.00031},
        {"seki.response.duration", 0.018},
        {"seki.client.rtt", 0.00064},
        {"tls.protocol.version", "1.3"},
        {"tls.cipher", "TLS_AES_128_GCM_SHA256"},
        {"tls.client.server_name", "shop.example"},
        {"tls.next_protocol", "http/1.1"},
        {"seki.message", "H1::Complete"},
        {"seki.tags", {{"owner", "team-a"}, {"note", "a, b=c"}}},
    };
    EXPECT_EQ(line, expected);
}

TEST_F(AccessFormatsTest, json_leaves_out_what_is_absent) {
    AccessLine line;
    line.now = noon;
    line.protocol = "TCP";
    line.has_endpoint = false;
    line.failed = true;
    line.message = "session close";
    const nlohmann::json object = json_of(line);
    EXPECT_FALSE(object.contains("http.request.method"));
    EXPECT_FALSE(object.contains("client.address"));
    EXPECT_FALSE(object.contains("seki.tags"));
    EXPECT_EQ(object.at("severity_text"), "ERROR");
    EXPECT_EQ(object.at("error.type"), "session close");
    EXPECT_EQ(object.at("seki.bytes_in"), 0);
}

TEST_F(AccessFormatsTest, what_a_client_sends_cannot_break_json) {
    AccessLine line = shop();
    const std::string hostile = "/\"}\n{\"a\":\"\\\x01\x7f\xff\xc0\xaf\u2028é" + std::string(5000, '"');
    line.path = hostile;
    line.user_agent = hostile;
    line.authority = hostile;
    line.message = hostile;
    line.cluster = hostile;
    line.tls_sni = hostile;
    const AccessTags many{{hostile, hostile}, {"a", hostile}};
    line.tag_list = &many;
    const nlohmann::json object = json_of(line);
    EXPECT_THAT(object.at("url.path").get<std::string>(),
                testing::StartsWith("/\"}\n{\"a\":\"\\\x01\x7f\uFFFD\uFFFD\uFFFD\u2028é"));
    EXPECT_EQ(object.at("http.response.status_code"), 200);
}

TEST_F(AccessFormatsTest, protobuf_is_sozus_record) {
    AccessLog access(*sink, head, log, AccessLog::Format::records);
    access.write(shop());
    access.write(shop());
    const auto all = records();
    ASSERT_EQ(all.size(), 2U);
    const command::ProtobufAccessLog& record = all[0];
    // As text: the order of a map's bytes is by chance.
    EXPECT_EQ(record.ShortDebugString(), all[1].ShortDebugString());
    EXPECT_EQ(record.request_id().high(), 3U);
    EXPECT_EQ(record.session_id().low(), 2U);
    EXPECT_EQ(record.cluster_id(), "shop");
    EXPECT_EQ(record.backend_id(), "shop-0");
    EXPECT_EQ(record.session_address().ip().v4(), 0xC0000209U);
    EXPECT_EQ(record.session_address().port(), 51234U);
    EXPECT_EQ(record.backend_address().ip().v6().high(), 0x20010DB800000000U);
    EXPECT_EQ(record.backend_address().ip().v6().low(), 7U);
    EXPECT_EQ(record.protocol(), "https");
    EXPECT_EQ(record.endpoint().http().path(), "/cart?item=1");
    EXPECT_EQ(record.endpoint().http().status(), 200U);
    EXPECT_EQ(record.client_rtt(), 640U);
    EXPECT_FALSE(record.has_server_rtt());
    EXPECT_EQ(record.service_time(), 310U);
    EXPECT_EQ(record.request_time(), 25'900U);
    EXPECT_EQ(record.response_time(), 18'000U);
    EXPECT_EQ(record.tags().at("note"), "a, b=c");
    EXPECT_EQ(record.tag(), "WRK-01");
    EXPECT_EQ(record.time().low(), 1'772'619'072'345'678'901U);
    EXPECT_EQ(record.start_time().low(), 1'772'619'072'345'678'901U - 25'900'000U);
    EXPECT_EQ(record.tls_version(), "TLSv1.3");
    EXPECT_EQ(record.message(), "H1::Complete");
}

TEST_F(AccessFormatsTest, a_record_of_a_tcp_session_has_that_endpoint_and_its_sessions_id) {
    AccessLog access(*sink, head, log, AccessLog::Format::records);
    AccessLine line;
    line.now = noon;
    line.session = Ulid{5, 6};
    line.protocol = "TCP";
    line.has_endpoint = false;
    access.write(line);
    const auto all = records();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(all[0].endpoint().has_tcp());
    EXPECT_EQ(all[0].request_id().high(), 5U);
    EXPECT_FALSE(all[0].has_session_address());
}

TEST_F(AccessFormatsTest, strings_of_a_record_are_utf8_and_bounded) {
    AccessLog access(*sink, head, log, AccessLog::Format::records);
    AccessLine line = shop();
    const std::string long_text = "\xff" + std::string(5000, 'x');
    line.path = line.user_agent = line.authority = line.message = long_text;
    access.write(line);
    const auto all = records();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(all[0].endpoint().http().path().starts_with("?xxx"));
    EXPECT_EQ(all[0].endpoint().http().path().size(), AccessLog::max_path_bytes);
}

}  // namespace
}  // namespace seki::observe
