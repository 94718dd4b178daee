#include "config/toml/listener.h"

#include <algorithm>
#include <array>

#include "config/limits.h"
#include "config/listener_settings.h"
#include "config/toml/answers.h"
#include "config/toml/message.h"
#include "config/toml/tls.h"

namespace seki::config {
namespace {

using command::Request;
using google::protobuf::Message;

constexpr std::array protocols{
    Choice{"http", command::HTTP},
    Choice{"https", command::HTTPS},
    Choice{"tcp", command::TCP},
    Choice{"udp", command::UDP},
};

constexpr std::array same_sites{
    Choice{"lax", command::LAX},
    Choice{"strict", command::STRICT},
    Choice{"none", command::NONE},
};

constexpr std::array path_normalizations{
    Choice{"on", command::PathNormalization::ON},
    Choice{"off", command::PathNormalization::OFF},
    Choice{"strict", command::PathNormalization::STRICT},
};

constexpr std::array forwarded_headers{
    Choice{"both", command::FORWARDED_HEADERS_BOTH},
    Choice{"x_forwarded", command::FORWARDED_HEADERS_X_FORWARDED},
    Choice{"rfc7239", command::FORWARDED_HEADERS_RFC7239},
    Choice{"none", command::FORWARDED_HEADERS_NONE},
};

constexpr auto stream_keys = std::to_array<std::string_view>({"public_address", "expect_proxy", "interface"});

constexpr auto http_keys =
    std::to_array<std::string_view>({"sticky_name", "sozu_id_header", "elide_x_real_ip", "send_x_real_ip"});

// Each is read in a way of its own.
constexpr auto other_http_keys = std::to_array<std::string_view>(
    {"answers", "trusted_proxies", "forwarded_headers", "sticky_cookie", "path_normalization"});
constexpr std::array<std::string_view, 1> connect_keys{"connect_timeout"};

void read_settings(TableReader& table, Message& listener, SettingOf of) {
    for_each_setting(of, [&](const ListenerSetting& setting) {
        if (setting.form != ListenerSetting::Form::seconds_or_off) {
            read_field(table, listener, setting.name);
            return table.judged_within(setting.name, setting.min, setting.max);
        }
        const auto number = table.number_or_off(setting.name, setting.min, setting.max, timeout_off);
        if (number) put_number(listener, setting.name, *number);
    });
}

void no_settings(TableReader& table, SettingOf of, std::string_view who) {
    for_each_setting(of, [&](const ListenerSetting& setting) { no_effect(table, std::span(&setting.name, 1), who); });
}

// Those that a TCP listener has as well are none of UDP's alone.
void no_udp_keys(TableReader& table) {
    for_each_setting(SettingOf::udp, [&](const ListenerSetting& setting) {
        const bool shared = setting.form == ListenerSetting::Form::seconds;
        if (!shared) no_effect(table, std::span(&setting.name, 1), "udp");
    });
}

template <typename Listener>
void inherit_timeouts(Listener& listener, const FileConfig& globals) {
    if (!listener.has_front_timeout()) listener.set_front_timeout(globals.server.front_timeout());
    if (!listener.has_back_timeout()) listener.set_back_timeout(globals.server.back_timeout());
    if (!listener.has_connect_timeout()) listener.set_connect_timeout(globals.server.connect_timeout());
}

template <typename Listener>
void inherit_http_timeouts(Listener& listener, const FileConfig& globals) {
    inherit_timeouts(listener, globals);
    if (!listener.has_request_timeout()) listener.set_request_timeout(globals.request_timeout_s);
}

template <typename Listener>
void read_stream_keys(TableReader& table, Listener& listener) {
    read_fields(table, listener, stream_keys);
    read_settings(table, listener, SettingOf::stream);
    if (listener.has_public_address() && listener.expect_proxy()) {
        table.refuse("public_address", "it excludes expect_proxy: the PROXY header tells the public address");
    }
}

void read_sticky_cookie(TableReader& table, command::StickyCookie& cookie) {
    read_fields(table, cookie, {"secure", "http_only", "path", "max_age"});
    if (const auto same_site = table.choice("same_site", same_sites, true)) {
        cookie.set_same_site(static_cast<command::SameSite>(*same_site));
    }
    table.finish();
}

// An empty list trusts nobody; without the key, everybody is trusted.
void read_trusted_proxies(TableReader& table, command::Networks& networks) {
    for (const std::string& network : table.texts("trusted_proxies")) networks.add_values(network);
}

// What only this listener's part of the file can tell, because the buffers stand in another.
template <typename Listener>
void check_head_limit(TableReader& table, const Listener& listener, const FileConfig& globals) {
    const uint64_t buffer_size = globals.server.buffer_size();
    if (listener.max_header_bytes() <= buffer_size) return;
    table.refuse("max_header_bytes", "{} is more than buffer_size, {}", listener.max_header_bytes(), buffer_size);
}

template <typename Listener>
void read_http_keys(TableReader& table, Listener& listener, const Draft& draft) {
    read_stream_keys(table, listener);
    read_fields(table, listener, http_keys);
    read_settings(table, listener, SettingOf::http);
    read_settings(table, listener, SettingOf::http2);
    read_answers(table, draft.read_file(), *listener.mutable_answers());
    read_old_answers(table, draft.read_file(), *listener.mutable_http_answers());
    if (table.has("trusted_proxies")) read_trusted_proxies(table, *listener.mutable_trusted_proxies());
    if (const auto mode = table.choice("forwarded_headers", forwarded_headers, true)) {
        listener.set_forwarded_headers(static_cast<command::ForwardedHeaders>(*mode));
    }
    if (auto cookie = table.table("sticky_cookie", TableKind::sticky_cookie)) {
        read_sticky_cookie(*cookie, *listener.mutable_sticky_cookie());
    }
    if (const auto mode = table.choice("path_normalization", path_normalizations, true)) {
        listener.set_path_normalization(static_cast<command::PathNormalization::Mode>(*mode));
    }
    check_head_limit(table, listener, draft.globals());
    inherit_http_timeouts(listener, draft.globals());
}

void read_http(TableReader& table, command::HttpListenerConfig& listener, const Draft& draft) {
    read_http_keys(table, listener, draft);
    no_udp_keys(table);
    no_tls_keys(table);
}

std::optional<command::CertificateAndKey> read_https(TableReader& table, command::HttpsListenerConfig& listener,
                                                     const Draft& draft) {
    read_http_keys(table, listener, draft);
    auto own_certificate = read_tls(table, listener, draft);
    no_udp_keys(table);
    return own_certificate;
}

void no_http_keys(TableReader& table) {
    no_effect(table, http_keys, "http and https");
    no_settings(table, SettingOf::http, "http and https");
    no_settings(table, SettingOf::http2, "http and https");
    no_effect(table, other_http_keys, "http and https");
    no_effect(table, old_answer_keys(), "http and https");
    no_tls_keys(table);
}

void read_tcp(TableReader& table, command::TcpListenerConfig& listener, const FileConfig& globals) {
    read_stream_keys(table, listener);
    inherit_timeouts(listener, globals);
    no_http_keys(table);
    no_udp_keys(table);
}

void read_udp(TableReader& table, command::UdpListenerConfig& listener) {
    read_fields(table, listener, {"public_address", "interface"});
    read_settings(table, listener, SettingOf::udp);
    if (table.has("expect_proxy")) table.refuse("expect_proxy", "udp listeners do not have it");
    no_effect(table, connect_keys, "http, https and tcp");
    no_http_keys(table);
}

bool is_free(TableReader& table, Draft& draft, const SocketAddress& address) {
    const Draft::Listener* other = draft.find_listener(address);
    if (other == nullptr) return true;
    table.refuse("address", "the listener of line {} has the address {} already", other->line, address.text());
    return false;
}

struct ReadListener {
    Request request;
    std::optional<command::CertificateAndKey> own_certificate;
};

ReadListener read_kind(TableReader& table, const Draft& draft, command::ListenerType type,
                       const command::SocketAddress& address) {
    ReadListener read;
    Request& request = read.request;
    switch (type) {
        case command::HTTP:
            *request.mutable_add_http_listener()->mutable_address() = address;
            read_http(table, *request.mutable_add_http_listener(), draft);
            break;
        case command::HTTPS:
            *request.mutable_add_https_listener()->mutable_address() = address;
            read.own_certificate = read_https(table, *request.mutable_add_https_listener(), draft);
            break;
        case command::TCP:
            *request.mutable_add_tcp_listener()->mutable_address() = address;
            read_tcp(table, *request.mutable_add_tcp_listener(), draft.globals());
            break;
        case command::UDP:
            *request.mutable_add_udp_listener()->mutable_address() = address;
            read_udp(table, *request.mutable_add_udp_listener());
            break;
    }
    table.finish();
    return read;
}

}  // namespace

void no_effect(TableReader& table, std::span<const std::string_view> keys, std::string_view who) {
    for (const std::string_view key : keys) {
        if (table.has(key)) table.warn(key, "it has no effect: only {} listeners have it", who);
    }
}

void read_listener(TableReader& table, Draft& draft) {
    const auto address = table.address("address");
    const auto type = table.choice("protocol", protocols);
    table.require({"address", "protocol"});

    if (!type || !address) draft.lose_listener();
    if (!type) return table.give_up();
    const auto kind = static_cast<command::ListenerType>(*type);
    const command::SocketAddress any = to_wire(SocketAddress::v4(0, 1));
    ReadListener read = read_kind(table, draft, kind, address.value_or(any));

    // The rest of the table is judged even if it cannot become a listener.
    if (!address || !is_free(table, draft, checked_address(*address)))
        return draft.judge(table, std::move(read.request));
    const bool expect_proxy = table.flag("expect_proxy").value_or(false);
    const Draft::Listener added{kind, expect_proxy, table.where().line};
    const bool passed = draft.add_listener(table, checked_address(*address), added, std::move(read.request));
    if (passed && read.own_certificate) add_own_certificate(table, draft, *address, std::move(*read.own_certificate));
}

void add_default_listener(TableReader& frontend, Draft& draft, const command::SocketAddress& address,
                          command::ListenerType type) {
    Request request;
    if (type == command::HTTP) {
        *request.mutable_add_http_listener()->mutable_address() = address;
        inherit_http_timeouts(*request.mutable_add_http_listener(), draft.globals());
    } else if (type == command::HTTPS) {
        *request.mutable_add_https_listener()->mutable_address() = address;
        inherit_http_timeouts(*request.mutable_add_https_listener(), draft.globals());
    } else if (type == command::TCP) {
        *request.mutable_add_tcp_listener()->mutable_address() = address;
        inherit_timeouts(*request.mutable_add_tcp_listener(), draft.globals());
    } else {
        return;
    }
    draft.add_listener(frontend, checked_address(address), {type, false, frontend.where().line}, std::move(request));
}

}  // namespace seki::config
