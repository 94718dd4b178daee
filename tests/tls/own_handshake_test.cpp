#include "tls/own_handshake.h"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls/connection.h"

namespace seki::tls {
namespace {

// ---- whose a handshake is

// The first record of a client, as OpenSSL's makes it.
std::string first_record(const Client::Settings& settings) {
    auto wire = std::make_shared<Wire>();
    Client client(wire, settings);
    client.advance();
    return wire->to_server;
}

void only_ecdsa(ServerSettings& settings) { settings.signature_algorithms = {"ecdsa_secp256r1_sha256"}; }

class OwnHandshakes : public testing::Test {
protected:
    using Set = std::function<void(ServerSettings&)>;
    std::shared_ptr<const ServerContext> context(const Set& set = {}) {
        ServerSettings settings;
        if (set) set(settings);
        return fixture.context(std::move(settings));
    }
    [[nodiscard]] bool is_ours(const std::string& record, const Set& set = {}) {
        return OwnHandshake::begin(context(set), record) != nullptr;
    }

    ServerFixture fixture;
};

TEST_F(OwnHandshakes, are_those_of_tls_1_3_with_a_share_that_fits) {
    EXPECT_TRUE(is_ours(first_record({})));
    EXPECT_TRUE(is_ours(first_record({.groups = "P-256"})));
    EXPECT_TRUE(is_ours(first_record({.groups = "X25519:P-384"})));
    EXPECT_FALSE(is_ours(first_record({.groups = "P-384:X25519"}))) << "it has no share of X25519";
    EXPECT_FALSE(is_ours(first_record({.version = TLS1_2_VERSION})));
}

TEST_F(OwnHandshakes, are_not_those_of_listeners_that_want_something_else) {
    const std::string record = first_record({});
    EXPECT_FALSE(is_ours(record, [](auto& settings) { settings.own_records = false; }));
    EXPECT_FALSE(is_ours(record, [](auto& settings) { settings.tls13 = false; }));
    EXPECT_FALSE(is_ours(record, [](auto& settings) { settings.groups = {"P-256"}; }));
    EXPECT_FALSE(is_ours(record, only_ecdsa));
    EXPECT_FALSE(is_ours(first_record({.server_name = "unknown.example.org"}))) << "OpenSSL has the alert";
    EXPECT_FALSE(is_ours(first_record({.protocols = "\2h2"})));
}

TEST_F(OwnHandshakes, are_not_those_of_clients_that_write_otherwise_than_they_may) {
    const std::string record = first_record({});
    for (size_t at = 0; at < record.size(); ++at) {
        std::string cut = record.substr(0, at);
        if (at >= record_header_bytes) {  // with a head that says so
            cut[3] = static_cast<char>((at - record_header_bytes) >> 8U);
            cut[4] = static_cast<char>(at - record_header_bytes);
            EXPECT_FALSE(is_ours(cut)) << at;
        }
    }
    EXPECT_FALSE(is_ours(record + "x"));
    std::string longer = record + "x";
    ++longer[4];
    EXPECT_FALSE(is_ours(longer)) << "there is something behind the message";
}

// Every byte of the message, changed: it is ours or not, and nothing breaks.
TEST_F(OwnHandshakes, stand_every_change_of_a_byte) {
    const std::string record = first_record({});
    const auto one = context();
    for (size_t at = record_header_bytes; at < record.size(); ++at) {
        for (const uint8_t change : {0x01, 0x80, 0xFF}) {
            std::string changed = record;
            changed[at] = static_cast<char>(static_cast<uint8_t>(changed[at]) ^ change);
            static_cast<void>(OwnHandshake::begin(one, changed));
        }
    }
    EXPECT_EQ(fixture.engine->secrets.in_use(), 0U);
    EXPECT_EQ(fixture.engine->ciphers->size(), 0U);
}

// ---- records of another length

// The longest of these records that are protected, in bytes of what is protected.
size_t longest_inside(std::string_view records) {
    size_t longest = 0;
    while (!records.empty()) {
        const RecordHeader header = read_record_header(records);
        if (header.type == ContentType::application_data)
            longest = std::max(longest, header.fragment_bytes - tag_bytes);
        records.remove_prefix(header.record_bytes());
    }
    return longest;
}

TEST_F(OwnHandshakes, keep_to_the_length_of_records_that_the_client_takes) {
    ServerFixture other;
    const std::string text(5000, 'x');
    for (const auto& [said, longest] :
         {std::pair{std::string("\0\x40", 2), size_t{64}}, std::pair{std::string("\x02\0", 2), size_t{512}},
          std::pair{std::string("\x40\x01", 2), size_t{1401}}, std::pair{std::string("\xff\xff", 2), size_t{1401}}}) {
        Connection connection(context([](auto& settings) { settings.tickets = 3; }), {.record_size_limit = said});
        connection.client.advance();
        connection.server->read({});
        EXPECT_LE(longest_inside(connection.wire->to_client), longest);
        ASSERT_TRUE(connection.shake_hands()) << connection.client.error();
        EXPECT_EQ(connection.client.record_size_limit(), std::string("\x40\x01", 2));
        EXPECT_EQ(connection.client.tickets(), 3);
        const auto outcome = connection.server->write(text);
        EXPECT_EQ(longest_inside(connection.wire->to_client), longest);
        EXPECT_EQ(connection.client.receive(), text.substr(0, outcome.bytes));
        connection.move_to(*other.engine);
        const auto moved = connection.server->write(text);
        EXPECT_EQ(longest_inside(connection.wire->to_client), longest);
        EXPECT_EQ(connection.client.receive(), text.substr(0, moved.bytes));
    }
}

TEST_F(OwnHandshakes, say_nothing_of_the_length_of_records_where_nobody_asks) {
    Connection connection(context(), {});
    ASSERT_TRUE(connection.shake_hands());
    EXPECT_EQ(connection.client.record_size_limit(), "");
}

TEST_F(OwnHandshakes, are_refused_to_clients_that_take_hardly_any_record) {
    for (const std::string& said : {std::string("\0\x3f", 2), std::string("\x40", 1), std::string("\0\x40\0", 3)}) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            Connection connection(context(), {.version = version, .record_size_limit = said});
            EXPECT_FALSE(connection.shake_hands());
            EXPECT_THAT(connection.client.error(),
                        testing::HasSubstr(said.size() == 2 ? "illegal parameter" : "decode error"));
        }
    }
}

// ---- tickets

TEST_F(OwnHandshakes, do_not_resume_what_openssl_began_nor_the_other_way_round) {
    const auto ours = context();
    const auto openssls = context(only_ecdsa);
    for (const auto& [first_context, second_context] : {std::pair{ours, openssls}, std::pair{openssls, ours}}) {
        Connection first(first_context, {});
        ASSERT_TRUE(first.shake_hands()) << first.client.error();
        Connection second(second_context, {.session = first.client.ticket()});
        ASSERT_TRUE(second.shake_hands()) << second.client.error();
        EXPECT_FALSE(second.server->info().resumed);
    }
}

TEST_F(OwnHandshakes, are_whole_with_a_ticket_that_somebody_changed) {
    const auto one = context();
    Connection first(one, {});
    ASSERT_TRUE(first.shake_hands());
    const std::string record = first_record({.session = first.client.ticket()});
    // Its last bytes are the binder, and those before that the ticket.
    for (const size_t back : {1U, 20U, 32U, 60U, 100U}) {
        std::string changed = record;
        changed[changed.size() - back] ^= 1;
        const auto handshake = OwnHandshake::begin(one, changed);
        EXPECT_FALSE(handshake != nullptr && handshake->info().resumed) << back;
    }
    EXPECT_TRUE(OwnHandshake::begin(one, record)->info().resumed);
}

TEST_F(OwnHandshakes, resume_a_session_for_as_long_as_its_client_was_told) {
    const auto one = context();
    const auto resumes_after = [&](Duration time) {
        Connection first(one, {});
        EXPECT_TRUE(first.shake_hands());
        fixture.clock.advance(time);
        fixture.loop.turn(Duration::zero());
        Connection next(one, {.session = first.client.ticket()});
        EXPECT_TRUE(next.shake_hands()) << next.client.error();
        return next.server->info().resumed;
    };
    EXPECT_TRUE(resumes_after({}));
    EXPECT_TRUE(resumes_after(std::chrono::hours(12)));
    EXPECT_FALSE(resumes_after(std::chrono::hours(13)));
    EXPECT_TRUE(resumes_after(std::chrono::hours(-1))) << "the clock of another worker is a little behind";
}

TEST_F(OwnHandshakes, make_as_many_tickets_as_the_listener_says) {
    for (const uint32_t tickets : {0U, 1U, 3U}) {
        Connection connection(context([&](auto& settings) { settings.tickets = tickets; }), {});
        ASSERT_TRUE(connection.shake_hands());
        EXPECT_EQ(connection.send("with them"), "with them");
        EXPECT_EQ(connection.client.tickets(), static_cast<int>(tickets));
    }
}

TEST_F(OwnHandshakes, take_no_ticket_where_tickets_are_switched_off) {
    Connection first(context(), {});
    ASSERT_TRUE(first.shake_hands());
    Connection next(context([](auto& settings) { settings.tickets = 0; }), {.session = first.client.ticket()});
    ASSERT_TRUE(next.shake_hands()) << next.client.error();
    EXPECT_FALSE(next.server->info().resumed);
}

// ---- what a client may say next

class SecondFlights : public OwnHandshakes {
protected:
    SecondFlights() : handshake(OwnHandshake::begin(context(), first_record({}))) {}

    HandshakeStep take(std::string_view record) { return handshake->take(record); }

    std::unique_ptr<OwnHandshake> handshake;
};

TEST_F(SecondFlights, may_have_one_change_of_ciphers_in_front) {
    constexpr std::string_view change("\x14\3\3\0\1\1", 6);
    EXPECT_EQ(take(change), HandshakeStep::more);
    EXPECT_EQ(take(change), HandshakeStep::failed);
    EXPECT_EQ(handshake->failure(), HandshakeFailure::malformed);
}

TEST_F(SecondFlights, may_not_have_anything_in_the_clear) {
    EXPECT_EQ(take(std::string_view("\x16\3\3\0\4\1\0\0\0", 9)), HandshakeStep::failed);
    EXPECT_FALSE(handshake->output().empty()) << "an alert";
}

TEST_F(SecondFlights, may_be_an_alert) {
    EXPECT_EQ(take(std::string_view("\x15\3\3\0\2\2\x30", 7)), HandshakeStep::failed);
    EXPECT_EQ(handshake->failure(), HandshakeFailure::alert);
    EXPECT_EQ(handshake->why(), "alert 48");
}

TEST_F(SecondFlights, that_nobody_could_have_made_are_refused) {
    std::string record("\x17\3\3\0\x35", 5);
    record.append(0x35, 'x');
    EXPECT_EQ(take(record), HandshakeStep::failed);
    EXPECT_EQ(handshake->failure(), HandshakeFailure::malformed);
}

}  // namespace
}  // namespace seki::tls
