#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <net/if.h>
#include <string>

#include "config/check/rules.h"
#include "config/limits.h"
#include "config/listener_settings.h"
#include "http/codec.h"

namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void check_numbers(Examiner& examine, const Message& listener) {
    for (const auto& [setting, value] : said_numbers(listener)) {
        const std::string_view unit = setting.form == ListenerSetting::Form::seconds ? " s" : "";
        examine.number(setting.name, value, setting.min, setting.max, unit);
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

// What listeners and updates have in common: in an update everything but the address may be absent.
template <typename Listener>
void check_stream_fields(Examiner& examine, Listener& listener) {
    examine.address("address", *listener.mutable_address());
    if constexpr (requires { listener.interface(); }) {
        if (listener.has_interface()) check_interface(examine, listener.interface());
    }
    if (listener.has_public_address()) examine.address("public_address", *listener.mutable_public_address());
    examine.wants("expect_proxy", listener.expect_proxy(), Feature::proxy_protocol);
    check_numbers(examine, listener);
}

template <typename Listener>
void check_http_fields(Examiner& examine, Listener& listener) {
    check_stream_fields(examine, listener);
    if (listener.has_sticky_name()) examine.token("sticky_name", listener.sticky_name(), max_header_name_size);
    if (listener.has_sozu_id_header()) {
        examine.token("sozu_id_header", listener.sozu_id_header(), max_header_name_size);
    }
    if (listener.has_sticky_cookie()) check_cookie(examine, listener.sticky_cookie());
    examine.answers("answers", listener.answers());
    move_old_answers(examine, listener);
    check_networks(examine, listener);
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

// What the kernel takes for a name (dev_valid_name).
void check_interface(Examiner& examine, std::string_view name) {
    constexpr size_t max_size = IFNAMSIZ - 1;
    const auto allowed = [](char c) { return c > ' ' && c <= '~' && c != '/' && c != ':' && c != '%'; };
    const bool named = !name.empty() && name != "." && name != ".." && std::ranges::all_of(name, allowed);
    if (!named || name.size() > max_size) {
        examine.refuse("interface", "it must be the name of a network interface: up to {} characters, no '/', ':', '%'",
                       max_size);
    }
}

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
