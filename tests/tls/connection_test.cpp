#include "tls/connection.h"

#include <functional>
#include <gmock/gmock.h>
#include <tuple>

#include "tls/exported.h"

namespace seki::tls {
namespace {

using Stop = net::IoOutcome::Stop;

std::string numbered(size_t size) {
    std::string text;
    for (size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ' ';
    text.resize(size);
    return text;
}

// ---- every combination of version, kind of key, suite and who does the records

using Combination = std::tuple<const char*, KeyKind, bool>;
class EveryConnection : public testing::TestWithParam<Combination> {
protected:
    EveryConnection() {
        if (std::get<KeyKind>(GetParam()) == KeyKind::rsa) {
            fixture.certificates->remove(fixture.ecdsa->fingerprint());
            fixture.certificates->put(make_certificate({.kind = KeyKind::rsa}));
        }
        settings.ciphers = std::get<const char*>(GetParam());
        settings.version = settings.ciphers.starts_with("TLS_") ? TLS1_3_VERSION : TLS1_2_VERSION;
        server.own_records = std::get<bool>(GetParam());
    }

    ServerFixture fixture;
    Client::Settings settings;
    ServerSettings server;
};

TEST_P(EveryConnection, carries_bytes_both_ways_and_ends_in_order) {
    Connection connection(fixture.context(server), settings);
    ASSERT_TRUE(connection.shake_hands()) << connection.client.error();
    connection.client.send("hello");
    EXPECT_EQ(connection.read(), "hello");
    const std::string long_text = numbered(200'000);
    EXPECT_EQ(connection.send(long_text), long_text);
    connection.client.send(long_text);
    EXPECT_EQ(connection.read(), long_text);
    EXPECT_EQ(connection.server->finish().stop, Stop::none);
    connection.client.receive();
    EXPECT_TRUE(connection.client.saw_close_notify());
    connection.client.close_notify();
    EXPECT_EQ(connection.read(), "");
    EXPECT_EQ(connection.outcome.stop, Stop::end);
}

TEST_P(EveryConnection, is_resumed_by_its_ticket) {
    const auto context = fixture.context(server);
    Connection first(context, settings);
    ASSERT_TRUE(first.shake_hands()) << first.client.error();
    EXPECT_FALSE(first.server->info().resumed);
    ASSERT_NE(first.client.ticket(), nullptr);
    EXPECT_EQ(first.client.tickets(), 1);
    settings.session = first.client.ticket();
    Connection second(context, settings);
    ASSERT_TRUE(second.shake_hands()) << second.client.error();
    EXPECT_TRUE(second.server->info().resumed);
    second.client.send("again");
    EXPECT_EQ(second.read(), "again");
    EXPECT_EQ(second.send("and back"), "and back");
}

TEST_P(EveryConnection, goes_on_in_another_process_in_the_middle_of_anything) {
    ServerFixture other;
    Connection connection(fixture.context(server), settings);
    ASSERT_TRUE(connection.shake_hands()) << connection.client.error();
    if (!server.own_records) {
        EXPECT_FALSE(connection.server->to_export());
        return;
    }
    connection.move_to(*other.engine);  // right behind the tickets
    EXPECT_EQ(connection.send("answer"), "answer");
    const std::string text = numbered(40'000);

    connection.client.send(text);  // its last record is cut, and of the others not all is taken
    const std::string held = connection.wire->to_server.substr(connection.wire->to_server.size() - 100);
    connection.wire->to_server.resize(connection.wire->to_server.size() - held.size());
    std::string got(30'000, '\0');
    got.resize(connection.server->read(got).bytes);
    connection.move_to(*fixture.engine);
    connection.wire->to_server += held;
    EXPECT_EQ(got + connection.read(), text);

    connection.wire->capacity = 20'000;
    connection.wire->piece = 3'000;
    connection.outcome = connection.server->write(text);
    ASSERT_EQ(connection.outcome.stop, Stop::blocked);
    ASSERT_GT(connection.server->begun(), 0U);
    const size_t taken = connection.outcome.bytes;
    connection.move_to(*other.engine);
    const std::string first = connection.client.receive();
    EXPECT_EQ(first + connection.send(std::string_view(text).substr(taken)), text);

    if (settings.version == TLS1_3_VERSION) {
        connection.client.update_key(true);
        connection.client.send("with a new key");
        EXPECT_EQ(connection.read(), "with a new key");
        connection.move_to(*fixture.engine);
        EXPECT_EQ(connection.send("likewise"), "likewise");
    }
    EXPECT_EQ(connection.server->info().server_name, "example.com");
    EXPECT_EQ(connection.server->info().certificate->names, "example.com\n");
    EXPECT_EQ(connection.server->finish().stop, Stop::none);
    connection.client.receive();
    EXPECT_TRUE(connection.client.saw_close_notify());
}

TEST_P(EveryConnection, carries_bytes_in_whatever_pieces_the_socket_takes_them) {
    for (const size_t piece : {1U, 2U, 7U, 1000U}) {
        Connection connection(fixture.context(server), settings);
        connection.wire->piece = piece;
        ASSERT_TRUE(connection.shake_hands()) << connection.client.error();
        const std::string text = numbered(20'000);
        EXPECT_EQ(connection.send(text), text);
        connection.client.send(text);
        EXPECT_EQ(connection.read(piece == 1 ? 100 : 3), text);
    }
}

INSTANTIATE_TEST_SUITE_P(Tls, EveryConnection,
                         testing::Values(Combination{"TLS_AES_128_GCM_SHA256", KeyKind::ecdsa, true},
                                         Combination{"TLS_AES_256_GCM_SHA384", KeyKind::ecdsa, true},
                                         Combination{"TLS_CHACHA20_POLY1305_SHA256", KeyKind::ecdsa, true},
                                         Combination{"TLS_AES_128_GCM_SHA256", KeyKind::rsa, true},
                                         Combination{"TLS_AES_256_GCM_SHA384", KeyKind::rsa, false},
                                         Combination{"TLS_AES_128_GCM_SHA256", KeyKind::ecdsa, false},
                                         Combination{"ECDHE-ECDSA-AES128-GCM-SHA256", KeyKind::ecdsa, true},
                                         Combination{"ECDHE-ECDSA-AES256-GCM-SHA384", KeyKind::ecdsa, true},
                                         Combination{"ECDHE-ECDSA-CHACHA20-POLY1305", KeyKind::ecdsa, true},
                                         Combination{"ECDHE-RSA-AES128-GCM-SHA256", KeyKind::rsa, true},
                                         Combination{"ECDHE-RSA-AES256-GCM-SHA384", KeyKind::rsa, true},
                                         Combination{"ECDHE-RSA-CHACHA20-POLY1305", KeyKind::rsa, true},
                                         Combination{"ECDHE-RSA-AES256-GCM-SHA384", KeyKind::rsa, false},
                                         Combination{"ECDHE-ECDSA-AES128-GCM-SHA256", KeyKind::ecdsa, false}));

// ---- records

class OwnRecordsTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(connection.shake_hands()) << connection.client.error(); }

    ServerFixture fixture;
    Connection connection{fixture.context(), {}};
};

TEST_F(OwnRecordsTest, follow_a_key_that_changes_in_both_directions) {
    for (const bool both : {false, true, true, false}) {
        connection.client.update_key(both);
        connection.client.send("with a new key");
        EXPECT_EQ(connection.read(), "with a new key");
        EXPECT_EQ(connection.send("answer"), "answer");
        EXPECT_EQ(connection.client.error(), "");
    }
}

TEST_F(OwnRecordsTest, answer_a_change_of_keys_only_after_a_record_that_has_begun) {
    connection.wire->piece = 3000;
    connection.wire->capacity = 5000;
    const std::string text = numbered(40'000);
    connection.outcome = connection.server->write(text);
    ASSERT_EQ(connection.outcome.stop, Stop::blocked);
    ASSERT_GT(connection.server->begun(), 0U);
    connection.client.update_key(true);
    std::string_view left = std::string_view(text).substr(connection.outcome.bytes);
    EXPECT_EQ(connection.read(), "");
    std::string all = connection.client.receive();
    while (!left.empty()) {
        connection.outcome = connection.server->write(left);
        ASSERT_NE(connection.outcome.stop, Stop::error);
        left.remove_prefix(connection.outcome.bytes);
        all += connection.client.receive();
    }
    EXPECT_EQ(all, text);
    EXPECT_EQ(connection.client.error(), "");
}

TEST_F(OwnRecordsTest, end_when_keys_change_too_often) {
    for (int i = 0; i < 101; ++i) connection.client.update_key(false);
    EXPECT_EQ(connection.read(), "");
    EXPECT_EQ(connection.outcome.stop, Stop::error);
    connection.client.receive();
    EXPECT_NE(connection.client.error(), "");
}

TEST_F(OwnRecordsTest, answer_however_many_changes_of_keys_once_while_nothing_can_be_sent) {
    const std::string first = numbered(5000);
    EXPECT_EQ(connection.server->write(first).bytes, first.size());
    const size_t before = connection.wire->to_client.size();
    connection.wire->capacity = before;
    for (int second = 0; second < 20; ++second) {
        for (int i = 0; i < 50; ++i) connection.client.update_key_unheard(true);
        EXPECT_EQ(connection.read(), "");
        EXPECT_EQ(connection.outcome.stop, Stop::blocked);
        fixture.clock.advance(std::chrono::seconds(1));
        fixture.loop.turn(Duration::zero());
    }
    connection.wire->capacity = SIZE_MAX;
    EXPECT_EQ(connection.server->write("answer").bytes, 6U);
    EXPECT_LT(connection.wire->to_client.size(), before + 200);
    EXPECT_EQ(connection.client.receive(), first + "answer");
}

TEST_F(OwnRecordsTest, are_followed_by_nothing_where_the_end_is_not_meant) {
    connection.server->reset_on_close();
    EXPECT_EQ(connection.server->finish().stop, Stop::none);
    connection.client.receive();
    EXPECT_FALSE(connection.client.saw_close_notify());
}

TEST_F(OwnRecordsTest, are_small_at_the_beginning_and_after_a_pause_and_large_in_between) {
    const auto longest = [&](size_t size) {
        static_cast<void>(connection.server->write(numbered(size)));
        size_t most = 0;
        for (std::string_view rest(connection.wire->to_client); !rest.empty();) {
            const size_t record = read_record_header(rest).record_bytes();
            most = std::max(most, record);
            rest.remove_prefix(record);
        }
        connection.client.receive();
        return most;
    };
    EXPECT_LT(longest(14'000), 1460U);
    EXPECT_GT(longest(30'000), 16'000U);
    fixture.clock.advance(std::chrono::seconds(5));
    fixture.loop.turn(Duration::zero());
    EXPECT_LT(longest(14'000), 1460U);
}

TEST_F(OwnRecordsTest, are_sent_together) {
    const int before = connection.wire->writes;
    EXPECT_EQ(connection.send(numbered(14'000)), numbered(14'000));
    EXPECT_EQ(connection.wire->writes, before + 1);
}

TEST_F(OwnRecordsTest, refuse_to_make_a_record_again_from_other_bytes) {
    connection.wire->capacity = 500;
    EXPECT_EQ(connection.server->write(numbered(1000)).stop, Stop::blocked);
    EXPECT_EQ(connection.server->begun(), 1000U);
    connection.wire->capacity = SIZE_MAX;
    EXPECT_EQ(connection.server->write(std::string(1000, 'x')).stop, Stop::error);
}

TEST_F(OwnRecordsTest, that_were_changed_or_come_again_end_the_connection) {
    connection.client.send("one");
    const std::string record = connection.wire->to_server;
    EXPECT_EQ(connection.read(), "one");
    connection.wire->to_server = record;
    EXPECT_EQ(connection.read(), "");
    EXPECT_EQ(connection.outcome.stop, Stop::error);
    connection.client.receive();
    EXPECT_THAT(connection.client.error(), testing::HasSubstr("bad record mac"));
}

TEST_F(OwnRecordsTest, hand_out_nothing_of_a_record_that_was_cut_off) {
    connection.client.send("whole");
    connection.client.send("cut off");
    connection.wire->to_server.pop_back();
    connection.wire->client_ended = true;
    EXPECT_EQ(connection.read(), "whole");
    EXPECT_EQ(connection.outcome.stop, Stop::error);
}

TEST_F(OwnRecordsTest, too_long_ones_are_not_waited_for) {
    connection.wire->to_server = std::string("\x17\x03\x03\x48\x01", 5);
    EXPECT_EQ(connection.read(), "");
    EXPECT_EQ(connection.outcome.stop, Stop::error);
}

TEST_F(OwnRecordsTest, leave_nothing_behind_in_an_idle_connection) {
    connection.client.send("hello");
    EXPECT_EQ(connection.read(), "hello");
    EXPECT_EQ(fixture.engine->secrets.in_use(), 1U);
    connection.server.reset();
    EXPECT_EQ(fixture.engine->secrets.in_use(), 0U);
    EXPECT_EQ(fixture.engine->ciphers->size(), 0U);
}

TEST_F(OwnRecordsTest, of_another_version_are_not_adopted) {
    const std::string beside = connection.server->to_export()->beside;
    for (size_t size = 0; size < beside.size(); ++size) {
        auto adopted = TlsTransport::adopt(std::make_unique<WireEnd>(connection.wire), *fixture.engine, Role::server,
                                           std::string_view(beside).substr(0, size));
        EXPECT_FALSE(adopted.has_value());
    }
    EXPECT_FALSE(
        TlsTransport::adopt(std::make_unique<WireEnd>(connection.wire), *fixture.engine, Role::server, beside + "x"));
    EXPECT_FALSE(
        TlsTransport::adopt(std::make_unique<WireEnd>(connection.wire), *fixture.engine, Role::client, beside));
    EXPECT_FALSE(TlsTransport::adopt(std::make_unique<WireEnd>(connection.wire), *fixture.engine, Role::server,
                                     "\x7f" + beside.substr(1)));
}

TEST_F(OwnRecordsTest, with_more_at_hand_than_there_is_room_for_are_not_adopted) {
    Secrets secrets;
    const auto exported = read_exported(connection.server->to_export()->beside, secrets);
    ASSERT_TRUE(exported);
    const auto adopts = [&](const std::function<void(Exported&)>& set) {
        Exported changed = *exported;
        set(changed);
        return TlsTransport::adopt(std::make_unique<WireEnd>(connection.wire), *fixture.engine, Role::server,
                                   write_exported(changed, secrets))
            .has_value();
    };
    EXPECT_TRUE(adopts([](Exported&) {}));
    EXPECT_FALSE(adopts([&](Exported& e) { e.raw.assign(fixture.engine->incoming.size() + 1, 'x'); }));
    EXPECT_FALSE(adopts([&](Exported& e) { e.control.assign(fixture.engine->outgoing.size() / 2 + 1, 'x'); }));
    EXPECT_FALSE(adopts([](Exported& e) { e.progress.begun_sent = 1; }));
    EXPECT_FALSE(adopts([](Exported& e) {
        e.progress.begun_content = 10;
        e.progress.begun_sent = 100;
    }));
}

// ---- handshakes

class Handshakes : public testing::Test {
protected:
    Handshakes() {
        fixture.engine->on_handshake = [this](const HandshakeReport& report) {
            failure = report.failure;
            resumed += report.resumed ? 1 : 0;
            ++reports;
        };
    }

    ServerFixture fixture;
    HandshakeFailure failure = HandshakeFailure::none;
    int reports = 0;
    int resumed = 0;
};

TEST_F(Handshakes, choose_the_certificate_by_name_and_by_kind_of_key) {
    const auto wildcard = make_certificate({.names = {"*.example.org"}});
    const auto rsa = make_certificate({.kind = KeyKind::rsa, .names = {"two.example.org"}});
    const auto ecdsa = make_certificate({.names = {"two.example.org"}});
    for (const auto& one : {wildcard, rsa, ecdsa}) fixture.certificates->put(one);
    const auto chosen = [&](const Client::Settings& settings) {
        Connection connection(fixture.context(), settings);
        EXPECT_TRUE(connection.shake_hands()) << connection.client.error();
        return connection.server->open() ? connection.server->info().certificate : nullptr;
    };
    EXPECT_EQ(chosen({.server_name = "one.example.org"}), wildcard);
    EXPECT_EQ(chosen({.server_name = "TWO.example.org"}), ecdsa);
    EXPECT_EQ(
        chosen({.server_name = "two.example.org", .version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256"}),
        rsa);
}

TEST_F(Handshakes, end_with_an_alert_where_nobody_has_the_name) {
    Connection connection(fixture.context(), {.server_name = "stranger.example"});
    EXPECT_FALSE(connection.shake_hands());
    EXPECT_THAT(connection.client.error(), testing::HasSubstr("unrecognized name"));
    EXPECT_EQ(failure, HandshakeFailure::no_certificate);
}

TEST_F(Handshakes, take_the_default_certificate_for_other_names_and_for_none) {
    fixture.certificates->set_default(fixture.ecdsa);
    for (const char* name : {"stranger.example", ""}) {
        Connection connection(fixture.context(), {.server_name = name});
        EXPECT_TRUE(connection.shake_hands()) << connection.client.error();
        EXPECT_EQ(connection.server->info().certificate, fixture.ecdsa);
    }
}

TEST_F(Handshakes, agree_on_a_protocol_or_end) {
    ServerSettings settings;
    settings.protocols = {Alpn::h2, Alpn::http11};
    Connection good(fixture.context(settings), {.protocols = "\x08http/1.1"});
    ASSERT_TRUE(good.shake_hands());
    EXPECT_EQ(good.server->info().protocol, Alpn::http11);
    Connection bad(fixture.context(settings), {.protocols = "\x03"
                                                            "foo"});
    EXPECT_FALSE(bad.shake_hands());
    EXPECT_EQ(failure, HandshakeFailure::no_protocol);
    EXPECT_THAT(bad.client.error(), testing::HasSubstr("no application protocol"));
}

TEST_F(Handshakes, end_where_no_version_is_common) {
    ServerSettings settings;
    settings.tls12 = false;
    Connection connection(fixture.context(settings), {.version = TLS1_2_VERSION});
    EXPECT_FALSE(connection.shake_hands());
    EXPECT_EQ(failure, HandshakeFailure::incompatible);
}

TEST_F(Handshakes, answer_plain_http_in_words) {
    Connection connection(fixture.context(), {});
    connection.wire->to_server = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_EQ(connection.server->read({}).stop, Stop::none);
    EXPECT_TRUE(connection.server->refused());
    EXPECT_EQ(failure, HandshakeFailure::plain_http);
    EXPECT_THAT(connection.wire->to_client, testing::StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    const size_t body = connection.wire->to_client.find("\r\n\r\n") + 4;
    EXPECT_THAT(connection.wire->to_client,
                testing::HasSubstr(fmt::format("Content-Length: {}\r\n", connection.wire->to_client.size() - body)));
    EXPECT_EQ(connection.server->shutdown_write().stop, Stop::none);
}

TEST_F(Handshakes, answer_garbage_with_an_alert) {
    for (const std::string_view garbage : {"\x80\x2e\x01", "\n\n\n", "\x16\x04garbage", "\xff\xff\xff\xff\xff\xff"}) {
        Connection connection(fixture.context(), {});
        connection.wire->to_server = garbage;
        EXPECT_EQ(connection.server->read({}).stop, Stop::none);
        EXPECT_TRUE(connection.server->refused());
        EXPECT_THAT(connection.wire->to_client, testing::StartsWith("\x15"));
        EXPECT_EQ(failure, HandshakeFailure::malformed);
    }
}

TEST_F(Handshakes, are_reported_once_however_they_end) {
    {
        Connection connection(fixture.context(), {});
        connection.client.advance();
        connection.server->read({});
    }
    EXPECT_EQ(failure, HandshakeFailure::closed);
    EXPECT_EQ(reports, 1);
    {
        Connection connection(fixture.context(), {});
        EXPECT_TRUE(connection.shake_hands());
    }
    EXPECT_EQ(failure, HandshakeFailure::none);
    EXPECT_EQ(reports, 2);
}

TEST_F(Handshakes, take_no_ticket_of_another_name_or_another_policy) {
    fixture.certificates->put(make_certificate({.names = {"other.example.com"}}));
    ServerSettings settings;
    const auto one = fixture.context(settings);
    settings.clients.mode = ClientPolicy::Mode::optional;
    settings.clients.authorities.push_back(std::string(fixture.ecdsa->leaf));
    const auto two = fixture.context(settings);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        Connection first(one, {.version = version});
        ASSERT_TRUE(first.shake_hands());
        const auto resumes = [&](const auto& context, const char* name) {
            Connection next(context, {.server_name = name, .version = version, .session = first.client.ticket()});
            EXPECT_TRUE(next.shake_hands()) << next.client.error();
            return next.server->info().resumed;
        };
        EXPECT_FALSE(resumes(two, "example.com"));
        EXPECT_FALSE(resumes(one, "other.example.com"));
        EXPECT_TRUE(resumes(one, "example.com"));
    }
}

// OpenSSL asks the real clock how old a session is.
TEST_F(Handshakes, of_openssl_take_tickets_for_two_windows_and_then_no_more) {
    const auto context = fixture.context();
    const auto resumes_after = [&](Duration time) {
        Connection first(context, {.version = TLS1_2_VERSION});
        EXPECT_TRUE(first.shake_hands());
        fixture.clock.advance(time);
        fixture.loop.turn(Duration::zero());
        Connection next(context, {.version = TLS1_2_VERSION, .session = first.client.ticket()});
        EXPECT_TRUE(next.shake_hands()) << next.client.error();
        return next.server->info().resumed;
    };
    EXPECT_TRUE(resumes_after({}));
    EXPECT_TRUE(resumes_after(std::chrono::hours(12)));
    EXPECT_TRUE(resumes_after(std::chrono::hours(24)));
    EXPECT_FALSE(resumes_after(std::chrono::hours(36)));
    EXPECT_TRUE(resumes_after(std::chrono::hours(-1)));  // the clock of another worker is a little behind
}

TEST_F(Handshakes, are_not_done_again_and_the_client_is_told) {
    Connection connection(fixture.context(), {.version = TLS1_2_VERSION});
    ASSERT_TRUE(connection.shake_hands());
    ASSERT_EQ(SSL_renegotiate(connection.client.ssl()), 1);
    connection.client.advance();
    connection.read();
    EXPECT_FALSE(connection.client.advance());
    // That it is a warning: of others it says that they are alerts.
    EXPECT_THAT(connection.client.error(),
                testing::AllOf(testing::HasSubstr("no renegotiation"), testing::Not(testing::HasSubstr("alert"))));
}

// What a client has got that asked for an OCSP response.
std::string staple_of(Connection& connection) {
    SSL_set_tlsext_status_type(connection.client.ssl(), TLSEXT_STATUSTYPE_ocsp);
    EXPECT_TRUE(connection.shake_hands()) << connection.client.error();
    const unsigned char* bytes = nullptr;
    const long size = SSL_get_tlsext_status_ocsp_resp(connection.client.ssl(), &bytes);
    return size < 0 ? "" : std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

TEST_F(Handshakes, show_an_ocsp_response_while_it_is_good) {
    auto stapled = std::make_shared<Certificate>(*fixture.ecdsa);
    const int64_t now_s = fixture.loop.wall().time_since_epoch() / std::chrono::seconds(1);
    stapled->ocsp_response = "an OCSP response";
    stapled->ocsp_until_s = now_s + 60;
    fixture.certificates->set_default(fixture.ecdsa);
    fixture.certificates->put(stapled);
    ServerSettings openssls;
    openssls.own_records = false;
    for (const auto& context : {fixture.context(), fixture.context(openssls)}) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            for (const char* name : {"example.com", "stranger.example"}) {
                Connection connection(context, {.server_name = name, .version = version});
                EXPECT_EQ(staple_of(connection), "an OCSP response") << version << name;
            }
            Connection not_asked(context, {.version = version});
            ASSERT_TRUE(not_asked.shake_hands());
            const unsigned char* bytes = nullptr;
            EXPECT_EQ(SSL_get_tlsext_status_ocsp_resp(not_asked.client.ssl(), &bytes), -1);
        }
    }
    fixture.clock.advance(std::chrono::seconds(60));
    fixture.loop.turn(Duration::zero());
    for (const auto& context : {fixture.context(), fixture.context(openssls)}) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            Connection late(context, {.version = version});
            EXPECT_EQ(staple_of(late), "");
        }
    }
}

TEST_F(Handshakes, show_the_longest_ocsp_response_that_there_may_be) {
    constexpr size_t longest = 65'527;  // config/limits.h
    const std::string response(longest, 'r');
    auto stapled = std::make_shared<Certificate>(*fixture.ecdsa);
    stapled->ocsp_response = response;
    stapled->ocsp_until_s = fixture.loop.wall().time_since_epoch() / std::chrono::seconds(1) + 60;
    fixture.certificates->put(stapled);
    ServerSettings openssls;
    openssls.own_records = false;
    for (const auto& context : {fixture.context(), fixture.context(openssls)}) {
        Connection connection(context, {.server_name = "example.com", .version = TLS1_3_VERSION});
        EXPECT_TRUE(staple_of(connection) == response);
    }
}

TicketSecret secret_of(uint8_t byte) {
    TicketSecret secret;
    std::ranges::fill(secret.resize(TicketSecret::capacity), byte);
    return secret;
}

TEST_F(Handshakes, take_tickets_of_a_former_secret_for_as_long_as_before) {
    const auto context = fixture.context();
    TicketKeys& keys = fixture.engine->tickets;
    const auto advance = [&](Duration time) {
        fixture.clock.advance(time);
        fixture.loop.turn(Duration::zero());
    };
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        // OpenSSL's client uses a ticket once.
        std::vector<std::unique_ptr<Connection>> before;
        for (int i = 0; i < 3; ++i) {
            before.push_back(std::make_unique<Connection>(context, Client::Settings{.version = version}));
            ASSERT_TRUE(before.back()->shake_hands());
        }
        const auto resumes = [&](size_t which) {
            Connection next(context, {.version = version, .session = before[which]->client.ticket()});
            EXPECT_TRUE(next.shake_hands()) << next.client.error();
            return next.server->info().resumed;
        };
        keys.set_secret(secret_of(1), fixture.loop.wall());
        keys.set_secret(secret_of(2), fixture.loop.wall());
        EXPECT_TRUE(resumes(0));
        advance(std::chrono::hours(11));
        EXPECT_TRUE(resumes(1));
        advance(std::chrono::hours(26));
        EXPECT_FALSE(resumes(2));
    }
}

TEST_F(Handshakes, take_no_ticket_that_a_former_secret_would_make_now) {
    const WallTime now = fixture.loop.wall();
    TicketKeys stranger(secret_of(1), std::chrono::hours(12));
    TicketKeys keys(secret_of(2), std::chrono::hours(12));
    keys.add_former(secret_of(1), now - std::chrono::hours(12));
    const auto takes = [&](WallTime made) {
        return keys.find(&TicketKey::own_name, stranger.current(made)->own_name, now).has_value();
    };
    EXPECT_TRUE(takes(now - std::chrono::hours(12)));
    EXPECT_FALSE(takes(now));
    // Of more secrets than are kept the oldest goes.
    for (uint8_t byte = 3; byte < 3 + TicketKeys::most_former; ++byte) keys.add_former(secret_of(byte), now);
    EXPECT_FALSE(takes(now - std::chrono::hours(12)));
}

}  // namespace
}  // namespace seki::tls
