#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>

#include "config/check/rules.h"
#include "config/limits.h"
#include "http/codec.h"

namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

struct Bounds {
    std::string_view field;
    uint64_t min;
    uint64_t max;
};

// The knobs of HTTP/2 that have bounds of their own; every other one counts or limits something and must be at least 1.
constexpr std::array h2_bounds{
    Bounds{"h2_initial_connection_window", 65'535, INT32_MAX},  // RFC 9113 §6.9.1, §6.9.2
    Bounds{"h2_max_concurrent_streams", 1, 10'000},
    Bounds{"h2_stream_shrink_ratio", 2, UINT32_MAX},
    Bounds{"h2_stream_idle_timeout_seconds", min_timeout_s, max_timeout_s},
    Bounds{"h2_graceful_shutdown_deadline_seconds", 0, max_timeout_s},  // 0: no limit
};

Bounds bounds_of(std::string_view field) {
    for (const Bounds& bounds : h2_bounds) {
        if (bounds.field == field) return bounds;
    }
    return {field, 1, UINT64_MAX};
}

// The kinds of listener and their updates carry the same knobs under different numbers, so they are found by name.
void check_h2_knobs(Examiner& examine, const Message& listener) {
    const auto& reflection = *listener.GetReflection();
    std::vector<const FieldDescriptor*> present;
    reflection.ListFields(listener, &present);
    for (const FieldDescriptor* field : present) {
        if (!field->name().starts_with("h2_")) continue;
        const Bounds bounds = bounds_of(field->name());
        const uint64_t value = field->cpp_type() == FieldDescriptor::CPPTYPE_UINT64
                                   ? reflection.GetUInt64(listener, field)
                                   : reflection.GetUInt32(listener, field);
        examine.number(field->name(), value, bounds.min, bounds.max);
    }
}

// The older shape of `answers` has a field for each status. Its texts move into the map, where the same status wins.
template <typename Listener>
void move_old_answers(Examiner& examine, Listener& listener) {
    const command::CustomHttpAnswers& old = listener.http_answers();
    const auto& reflection = *old.GetReflection();
    std::vector<const FieldDescriptor*> present;
    reflection.ListFields(old, &present);
    for (const FieldDescriptor* field : present) {
        const std::string status = field->name().substr(std::string_view("answer_").size());
        const std::string text = reflection.GetString(old, field);
        examine.answer(field->name(), text, static_cast<uint16_t>(std::stoi(status)));
        listener.mutable_answers()->insert({status, text});
    }
    listener.clear_http_answers();
}

void drop_empty(Examiner::Texts& texts) {
    for (auto entry = texts.begin(); entry != texts.end();) {
        entry = entry->second.empty() ? texts.erase(entry) : std::next(entry);
    }
}

void check_cookie(Examiner& examine, const command::StickyCookie& cookie) {
    const auto in_path = [](char c) { return c >= ' ' && c <= '~' && c != ';'; };  // RFC 6265 §4.1.1
    if (!cookie.path().starts_with('/') || !std::ranges::all_of(cookie.path(), in_path)) {
        examine.refuse("sticky_cookie", "path: it must begin with '/' and be ASCII without ';'");
    }
    if (cookie.path().size() > max_cookie_path_size) {
        examine.refuse("sticky_cookie", "path: it is longer than {} bytes", max_cookie_path_size);
    }
    if (cookie.has_max_age() && (cookie.max_age() < 1 || cookie.max_age() > max_cookie_age_s)) {
        examine.refuse("sticky_cookie", "max_age: {} s is not within 1 and {} s", cookie.max_age(), max_cookie_age_s);
    }
    const bool exposed = cookie.has_secure() && !cookie.secure();
    if (cookie.has_same_site() && cookie.same_site() == command::NONE && exposed) {
        examine.refuse("sticky_cookie", "same_site: browsers take none only with secure");
    }
}

template <typename Listener>
void check_networks(Examiner& examine, Listener& listener) {
    if (!listener.has_trusted_proxies()) return;
    auto& networks = *listener.mutable_trusted_proxies()->mutable_values();
    if (networks.size() > static_cast<int>(max_networks)) {
        return examine.refuse("trusted_proxies", "{} networks are more than {}", networks.size(), max_networks);
    }
    for (std::string& network : networks) examine.network("trusted_proxies", network);
}

// What a listener takes of a request.
template <typename Listener>
void check_request_limits(Examiner& examine, const Listener& listener) {
    const auto number = [&](std::string_view field, bool present, uint64_t value, uint64_t min, uint64_t max) {
        if (present) examine.number(field, value, min, max);
    };
    number("max_header_bytes", listener.has_max_header_bytes(), listener.max_header_bytes(), min_header_limit,
           max_header_limit);
    number("max_header_fields", listener.has_max_header_fields(), listener.max_header_fields(), 1,
           http::FieldTable::capacity);
    number("max_uri_bytes", listener.has_max_uri_bytes(), listener.max_uri_bytes(), 1, max_header_limit);
    number("min_body_rate", listener.has_min_body_rate(), listener.min_body_rate(), 0, max_body_rate);
    number("lingering_timeout", listener.has_lingering_timeout(), listener.lingering_timeout(), 0, max_timeout_s);
    const bool half_close =
        listener.has_client_half_close_timeout() && listener.client_half_close_timeout() != timeout_off;
    number("client_half_close_timeout", half_close, listener.client_half_close_timeout(), 0, max_timeout_s);
}

// What listeners and updates have in common: in an update everything but the address may be absent.
template <typename Listener>
void check_stream_fields(Examiner& examine, Listener& listener) {
    examine.address("address", *listener.mutable_address());
    if (listener.has_public_address()) examine.address("public_address", *listener.mutable_public_address());
    examine.wants("expect_proxy", listener.expect_proxy(), Feature::proxy_protocol);
    if (listener.has_front_timeout()) examine.timeout("front_timeout", listener.front_timeout());
    if (listener.has_back_timeout()) examine.timeout("back_timeout", listener.back_timeout());
    if (listener.has_connect_timeout()) examine.timeout("connect_timeout", listener.connect_timeout());
}

template <typename Listener>
void check_http_fields(Examiner& examine, Listener& listener) {
    check_stream_fields(examine, listener);
    if (listener.has_request_timeout()) examine.timeout("request_timeout", listener.request_timeout());
    if (listener.has_tunnel_timeout()) examine.timeout("tunnel_timeout", listener.tunnel_timeout());
    if (listener.has_sticky_name()) examine.token("sticky_name", listener.sticky_name(), max_header_name_size);
    if (listener.has_sozu_id_header()) {
        examine.token("sozu_id_header", listener.sozu_id_header(), max_header_name_size);
    }
    if (listener.has_sticky_cookie()) check_cookie(examine, listener.sticky_cookie());
    examine.answers("answers", listener.answers());
    move_old_answers(examine, listener);
    check_networks(examine, listener);
    check_request_limits(examine, listener);
    check_h2_knobs(examine, listener);
}

template <typename Listener>
void check_http_listener(Examiner& examine, Listener& listener) {
    if (listener.sticky_name().empty()) listener.set_sticky_name("SOZUBALANCEID");
    check_http_fields(examine, listener);
    drop_empty(*listener.mutable_answers());
    const uint32_t head_limit =
        listener.has_max_header_bytes() ? listener.max_header_bytes() : http::HeadLimits().max_head_bytes;
    if (listener.max_uri_bytes() > head_limit) {
        examine.refuse("max_uri_bytes", "{} is more than max_header_bytes, {}", listener.max_uri_bytes(), head_limit);
    }
    listener.set_active(false);
}

}  // namespace

void check_listener(Examiner& examine, command::HttpListenerConfig& listener) {
    check_http_listener(examine, listener);
}

void check_listener(Examiner& examine, command::HttpsListenerConfig& listener) {
    check_http_listener(examine, listener);
    check_tls(examine, listener);
}

void check_listener(Examiner& examine, command::TcpListenerConfig& listener) {
    check_stream_fields(examine, listener);
    listener.set_active(false);
}

void check_update(Examiner& examine, command::UpdateHttpListenerConfig& update) { check_http_fields(examine, update); }

void check_update(Examiner& examine, command::UpdateHttpsListenerConfig& update) {
    check_http_fields(examine, update);
    check_tls(examine, update);
}

void check_update(Examiner& examine, command::UpdateTcpListenerConfig& update) { check_stream_fields(examine, update); }

}  // namespace seki::config
