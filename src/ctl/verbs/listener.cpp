#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/limits.h"
#include "ctl/fields.h"
#include "ctl/text_file.h"
#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

constexpr const char* add_help = "Define a listener; it accepts when it is activated";
constexpr const char* update_help = "Change what is given, keep the rest";
constexpr const char* id_header_help = "Name of the header that carries the id of a request";
constexpr std::string_view default_sticky_name = "SOZUBALANCEID";

struct Knob {
    const char* field;
    const char* help;
    const char* fallback;  // what a listener uses that was never told
};

// Option names are the fields' names with dashes.
constexpr auto timeouts = std::to_array<Knob>({
    {"front_timeout", "Seconds that a client may be silent", "60"},
    {"back_timeout", "Seconds that a backend may be silent", "30"},
    {"connect_timeout", "Seconds to connect to a backend", "3"},
    {"request_timeout", "Seconds for the whole head of a request", "10"},
});
constexpr std::span<const Knob> stream_timeouts = std::span(timeouts).first(3);
constexpr auto request_knobs = std::to_array<Knob>({
    {"tunnel_timeout", "Seconds that an upgraded connection may be silent", ""},
    {"max_header_bytes", "Bytes of a request's head", "16384"},
    {"max_header_fields", "Fields of a request's head", "128"},
    {"max_uri_bytes", "Bytes of a request's target", "8192"},
    {"max_body_bytes", "Bytes of a request's body; 0 = no limit", "0"},
    {"min_body_rate", "Bytes in a second that a request's body must keep up; 0 = no limit", "0"},
    {"lingering_bytes", "Bytes of a request that may follow its answer before the connection is reset", "67108864"},
    {"lingering_timeout", "Seconds that they may take", "30"},
});
constexpr auto udp_knobs = std::to_array<Knob>({
    {"front_timeout", "Seconds that a flow lives without a datagram from the client", "30"},
    {"back_timeout", "Seconds that a flow lives without a datagram from the backend", "30"},
    {"max_rx_datagram_size", "Bytes of the largest datagram that is accepted", "1500"},
    {"max_flows", "Flows at once; 0 = as many as descriptors allow", "0"},
});
constexpr auto h2_knobs = std::to_array<Knob>({
    {"h2_max_rst_stream_per_window", "RST_STREAM frames in a second", "100"},
    {"h2_max_ping_per_window", "PING frames in a second", "100"},
    {"h2_max_settings_per_window", "SETTINGS frames in a second", "50"},
    {"h2_max_empty_data_per_window", "Empty DATA frames in a second", "100"},
    {"h2_max_window_update_stream0_per_window", "WINDOW_UPDATE frames of the connection in a second", "100"},
    {"h2_max_continuation_frames", "CONTINUATION frames in a header block", "20"},
    {"h2_max_glitch_count", "Oddities in a second until the connection is closed", "100"},
    {"h2_initial_connection_window", "Bytes of the connection's receive window", "1048576"},
    {"h2_max_concurrent_streams", "Streams at once", "100"},
    {"h2_stream_shrink_ratio", "When closed streams' memory is given back", "2"},
    {"h2_max_rst_stream_lifetime", "RST_STREAM frames received in a connection's life", "10000"},
    {"h2_max_rst_stream_abusive_lifetime", "Streams reset before their answer began, in a connection's life", "50"},
    {"h2_max_rst_stream_emitted_lifetime", "RST_STREAM frames sent in a connection's life", "500"},
    {"h2_max_header_list_size", "Bytes of a decoded header list", "65536"},
    {"h2_max_header_table_size", "Bytes of the HPACK table", "65536"},
    {"h2_max_header_fields", "Fields of a header list, pieces of cookies included", "128"},
    {"h2_stream_idle_timeout_seconds", "Seconds that a stream may be silent", ""},
    {"h2_graceful_shutdown_deadline_seconds", "Seconds to drain after GOAWAY; 0 = no limit", "5"},
});

std::string option_name(std::string field) {
    std::ranges::replace(field, '_', '-');
    return "--" + field;
}

void knob_options(Verb& verb, std::span<const Knob> knobs, bool show_defaults) {
    for (const Knob& knob : knobs) {
        verb.value(option_name(knob.field), knob.field, knob.help).default_text(show_defaults ? knob.fallback : "");
    }
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

void half_close_option(Verb& verb, bool show_default) {
    verb.option("--client-half-close-timeout", "N|off",
                "Seconds without traffic until a client that ended its sending side counts as gone",
                [](command::Request& request, const std::vector<std::string>& values) {
                    const std::string& said = values.front();
                    const std::string off = std::to_string(config::timeout_off);
                    return put_text(find_field(payload(request), "client_half_close_timeout"),
                                    said == "off" ? off : said);
                })
        .default_text(show_default ? "2" : "");
}

// What only Seki has.
void own_options(Verb& verb, bool show_defaults) {
    answers_option(verb);
    trust_options(verb);
    verb.value("--elide-lookalike-fields", "elide_lookalike_fields",
               "Whether fields are dropped that CGI takes for one that Seki vouches for")
        .default_text(show_defaults ? "true" : "");
    knob_options(verb, request_knobs, show_defaults);
    half_close_option(verb, show_defaults);
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
    knob_options(add, timeouts, true);
    for (const char* status : {"404", "503"}) answer_option(add, status, std::string("http_answers.answer_") + status);
    add.value("--sozu-id-header", "sozu_id_header", id_header_help).default_text("Sozu-Id");
    add.flag("--send-x-real-ip", "send_x_real_ip", "Tell backends the client's address in X-Real-IP");
    add.flag("--elide-x-real-ip", "elide_x_real_ip", "Remove X-Real-IP of the client");
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
    knob_options(update, timeouts, false);
    knob_options(update, h2_knobs, false);
    for (const char* status : {"301", "401", "404", "408", "413", "421", "429", "502", "503", "504", "507"}) {
        answer_option(update, status, std::string("http_answers.answer_") + status);
    }
    own_options(update, false);
}

void tcp_update_options(Verb& update) {
    public_address_option(update);
    on_off_flags(update, "--expect-proxy", "--no-expect-proxy", "expect_proxy", "Clients begin with a PROXY header");
    knob_options(update, stream_timeouts, false);
}

// The verbs that only need to know which listener is meant.
void add_switches(Family& family, const std::string& type) {
    const auto add = [&](const char* name, const std::string& request, const char* help) {
        address_option(family.verb(name, request, help), "Address of the listener");
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
    public_address_option(add);
    add.flag("--expect-proxy", "expect_proxy", "Clients begin with a PROXY header");
    knob_options(add, stream_timeouts, true);
    Verb& update = tcp.verb("update", "update_tcp_listener {}", update_help);
    address_option(update, "Address of the listener");
    tcp_update_options(update);
    add_switches(tcp, "TCP");
}

void add_udp(Family& listener) {
    Family udp = listener.family("udp", "Listeners for UDP");
    Verb& add = udp.verb("add", "add_udp_listener {}", add_help);
    address_option(add, "Address to listen on");
    public_address_option(add);
    knob_options(add, udp_knobs, true);
    Verb& update = udp.verb("update", "update_udp_listener {}", update_help);
    address_option(update, "Address of the listener");
    public_address_option(update);
    knob_options(update, udp_knobs, false);
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
