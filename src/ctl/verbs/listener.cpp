#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <vector>

#include "config/limits.h"
#include "config/listener_settings.h"
#include "ctl/fields.h"
#include "ctl/text_file.h"
#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

constexpr const char* add_help = "Define a listener; it accepts when it is activated";
constexpr const char* update_help = "Change what is given, keep the rest";
constexpr const char* id_header_help = "Name of the header that carries the id of a request";
constexpr std::string_view default_sticky_name = "SOZUBALANCEID";

std::string option_name(std::string_view field) {
    std::string name = fmt::format("--{}", field);
    std::ranges::replace(name, '_', '-');
    return name;
}

// A number, or "off".
void option_or_off(Verb& verb, const config::ListenerSetting& setting, const std::string& fallback) {
    const auto put = [name = setting.name](command::Request& request, const std::vector<std::string>& values) {
        const std::string off = std::to_string(config::timeout_off);
        return put_text(find_field(payload(request), name), values.front() == "off" ? off : values.front());
    };
    verb.option(option_name(setting.name), "N|off", std::string(setting.help), put).default_text(fallback);
}

void setting_options(Verb& verb, config::SettingOf of, bool show_defaults) {
    config::for_each_setting(of, [&](const config::ListenerSetting& setting) {
        const std::string fallback(show_defaults ? setting.fallback : "");
        if (setting.form == config::ListenerSetting::Form::seconds_or_off) {
            return option_or_off(verb, setting, fallback);
        }
        verb.value(option_name(setting.name), std::string(setting.name), std::string(setting.help))
            .default_text(fallback);
    });
}

void interface_option(Verb& verb) {
    verb.value("--interface", "interface", "Network interface that it is bound to, a part of its name");
}

void public_address_option(Verb& verb) {
    verb.value("--public-address", "public_address", "Address that clients see, where it is not the one listened on");
}

// The content of a file goes to the field.
void answer_option(Verb& verb, const std::string& status, const std::string& path) {
    verb.option("--answer-" + status, "FILE", "Answer of its own for status " + status,
                [path](command::Request& request, const auto& values) -> Result<> {
                    const Result<std::string> body = read_text_file(values.front());
                    if (!body) return std::unexpected(body.error());
                    return put_text(find_field(payload(request), path), *body);
                });
}

void cookie_options(Verb& verb) {
    verb.value("--sticky-cookie-secure", "sticky_cookie.secure",
               "Whether that cookie has Secure; without it, as the connection of the client is");
    verb.value("--sticky-cookie-http-only", "sticky_cookie.http_only", "Whether it has HttpOnly");
    verb.value("--sticky-cookie-same-site", "sticky_cookie.same_site", "Its SameSite; without it, none is said");
    verb.value("--sticky-cookie-path", "sticky_cookie.path", "Its Path");
    verb.value("--sticky-cookie-max-age", "sticky_cookie.max_age",
               "Seconds that it lasts; without it, as long as the browser runs");
}

void trust_options(Verb& verb) {
    const Option networks = verb.value("--trusted-proxies", "trusted_proxies.values",
                                       "Networks of proxies whose X-Forwarded-* and Forwarded are believed");
    verb.sign("--no-trusted-proxies", "Believe nobody; without either, everybody is believed",
              [](command::Request& request, const auto&) {
                  static_cast<void>(find_field(payload(request), "trusted_proxies.values"));
                  return Result<>{};
              })
        .excludes(networks);
}

// They stand in the schema with a long name.
void forwarded_option(Verb& verb, bool show_defaults) {
    verb.option("--forwarded-headers", "both|x_forwarded|rfc7239|none",
                "In which headers backends are told of the client",
                [](command::Request& request, const auto& values) {
                    return put_text(find_field(payload(request), "forwarded_headers"),
                                    "forwarded_headers_" + values.front());
                })
        .default_text(show_defaults ? "both" : "");
}

// What only Seki has.
void own_options(Verb& verb, bool show_defaults) {
    answers_option(verb);
    trust_options(verb);
    verb.value(
            "--path-normalization", "path_normalization",
            "Whether rules compare the normal form of paths; strict also refuses paths that others may read otherwise")
        .default_text(show_defaults ? "on" : "");
    cookie_options(verb);
}

void http_add_options(Verb& add) {
    public_address_option(add);
    add.flag("--expect-proxy", "expect_proxy", "Clients begin with a PROXY header");
    add.value("--sticky-name", "sticky_name", "Name of the cookie that binds a client to a backend")
        .default_text(std::string(default_sticky_name));
    setting_options(add, config::SettingOf::stream, true);
    for (const char* status : {"404", "503"}) answer_option(add, status, std::string("http_answers.answer_") + status);
    add.value("--sozu-id-header", "sozu_id_header", id_header_help).default_text("Sozu-Id");
    add.flag("--send-x-real-ip", "send_x_real_ip", "Tell backends the client's address in X-Real-IP");
    add.flag("--elide-x-real-ip", "elide_x_real_ip", "Remove X-Real-IP of the client");
    forwarded_option(add, true);
    setting_options(add, config::SettingOf::http, true);
    own_options(add, true);
}

void http_update_options(Verb& update) {
    public_address_option(update);
    on_off_flags(update, "--expect-proxy", "--no-expect-proxy", "expect_proxy", "Clients begin with a PROXY header");
    update.value("--sticky-name", "sticky_name", "Name of the cookie that binds a client to a backend");
    update.value("--sozu-id-header", "sozu_id_header", id_header_help);
    on_off_flags(update, "--send-x-real-ip", "--no-send-x-real-ip", "send_x_real_ip",
                 "Tell backends the client's address in X-Real-IP");
    on_off_flags(update, "--elide-x-real-ip", "--no-elide-x-real-ip", "elide_x_real_ip",
                 "Remove X-Real-IP of the client");
    forwarded_option(update, false);
    setting_options(update, config::SettingOf::stream, false);
    setting_options(update, config::SettingOf::http2, false);
    for (const char* status : {"301", "401", "404", "408", "413", "421", "429", "502", "503", "504", "507"}) {
        answer_option(update, status, std::string("http_answers.answer_") + status);
    }
    setting_options(update, config::SettingOf::http, false);
    own_options(update, false);
}

void tcp_update_options(Verb& update) {
    public_address_option(update);
    on_off_flags(update, "--expect-proxy", "--no-expect-proxy", "expect_proxy", "Clients begin with a PROXY header");
    setting_options(update, config::SettingOf::stream, false);
}

// The verbs that only need to know which listener is meant.
void add_switches(Family& family, const std::string& type) {
    const auto add = [&](const char* name, const std::string& request, const char* help) {
        Verb& verb = family.verb(name, request, help);
        address_option(verb, "Address of the listener");
        interface_option(verb);
    };
    add("remove", "remove_listener { proxy: " + type + " }", "Close and forget a listener");
    add("activate", "activate_listener { proxy: " + type + " from_scm: false }", "Begin to accept");
    add("deactivate", "deactivate_listener { proxy: " + type + " to_scm: false }", "Stop accepting, keep the settings");
}

void add_http(Family& listener) {
    Family http = listener.family("http", "Listeners for HTTP");
    Verb& add =
        http.verb("add", fmt::format("add_http_listener {{ sticky_name: '{}' }}", default_sticky_name), add_help);
    address_option(add, "Address to listen on");
    interface_option(add);
    http_add_options(add);
    Verb& update = http.verb("update", "update_http_listener {}", update_help);
    address_option(update, "Address of the listener");
    http_update_options(update);
    add_switches(http, "HTTP");
}

void add_https(Family& listener) {
    Family https = listener.family("https", "Listeners for HTTPS");
    Verb& add =
        https.verb("add", fmt::format("add_https_listener {{ sticky_name: '{}' }}", default_sticky_name), add_help);
    address_option(add, "Address to listen on");
    interface_option(add);
    http_add_options(add);
    tls_add_options(add);
    Verb& update = https.verb("update", "update_https_listener {}", update_help);
    address_option(update, "Address of the listener");
    http_update_options(update);
    tls_update_options(update);
    add_switches(https, "HTTPS");
}

void add_tcp(Family& listener) {
    Family tcp = listener.family("tcp", "Listeners for TCP");
    Verb& add = tcp.verb("add", "add_tcp_listener {}", add_help);
    address_option(add, "Address to listen on");
    interface_option(add);
    public_address_option(add);
    add.flag("--expect-proxy", "expect_proxy", "Clients begin with a PROXY header");
    setting_options(add, config::SettingOf::stream, true);
    Verb& update = tcp.verb("update", "update_tcp_listener {}", update_help);
    address_option(update, "Address of the listener");
    tcp_update_options(update);
    add_switches(tcp, "TCP");
}

void add_udp(Family& listener) {
    Family udp = listener.family("udp", "Listeners for UDP");
    Verb& add = udp.verb("add", "add_udp_listener {}", add_help);
    address_option(add, "Address to listen on");
    interface_option(add);
    public_address_option(add);
    setting_options(add, config::SettingOf::udp, true);
    Verb& update = udp.verb("update", "update_udp_listener {}", update_help);
    address_option(update, "Address of the listener");
    public_address_option(update);
    setting_options(update, config::SettingOf::udp, false);
    add_switches(udp, "UDP");
}

}  // namespace

void add_listener_verbs(Family& root) {
    Family listener = root.family("listener", "Addresses that are listened on");
    listener.verb("list", "list_listeners {}", "Show listeners and their settings");
    add_http(listener);
    add_https(listener);
    add_tcp(listener);
    add_udp(listener);
}

}  // namespace seki::ctl
