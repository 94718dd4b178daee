#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "config/listener_settings.h"
#include "ctl/json.h"
#include "ctl/show/show.h"
#include "ctl/table.h"
#include "ctl/terminal_text.h"

namespace seki::ctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Fields with a column of their own, the private key, which belongs on no screen, and what would fill it.
constexpr auto not_in_notes = std::to_array<std::string_view>(
    {"address", "public_address", "expect_proxy", "active", "front_timeout", "back_timeout", "connect_timeout",
     "request_timeout", "sticky_name", "max_rx_datagram_size", "max_flows", "certificate", "certificate_chain", "key",
     "client_ca_certificates", "client_ca_crls", "interface"});

std::string seconds(uint32_t value) { return std::to_string(value) + " s"; }

std::string state(bool active) { return active ? "active" : "inactive"; }

std::string public_address(const auto& listener) {
    return listener.has_public_address() ? address_text(listener.public_address()) : "";
}

// Pages of text say little in a line; which ones there are does.
std::string keys_of(const Json& map) {
    std::string keys;
    for (const auto& [key, value] : map.items()) keys += (keys.empty() ? "" : ",") + key;
    return keys;
}

std::string said(const FieldDescriptor& field, const Json& value) {
    const bool off = value.is_number_integer() && config::is_off(field.name(), value.get<uint64_t>());
    return off ? "off" : json_text(value);
}

// What was set beside that: "  0.0.0.0:80  h2_max_ping_per_window=10 send_x_real_ip=true".
std::string note(const std::string& address, const Message& listener) {
    std::vector<const FieldDescriptor*> set;
    listener.GetReflection()->ListFields(listener, &set);
    const Json json = to_json(listener, Spelling::plain);
    std::string line;
    for (const FieldDescriptor* field : set) {
        if (std::ranges::find(not_in_notes, field->name()) != not_in_notes.end()) continue;
        const Json& value = json[field->name()];
        line += " " + field->name() + "=" + (field->is_map() ? keys_of(value) : said(*field, value));
    }
    return line.empty() ? "" : "  " + address + " " + printable(line) + "\n";
}

template <typename Listener>
std::map<std::string, Listener> by_address(const google::protobuf::Map<std::string, Listener>& listeners) {
    return {listeners.begin(), listeners.end()};
}

std::string show_http(const auto& listeners) {
    if (listeners.empty()) return {};
    Table table(
        {"address", "state", "public address", "PROXY", "front", "back", "connect", "request", "sticky cookie"});
    std::string notes;
    for (const auto& [address, listener] : by_address(listeners)) {
        table.row({address, state(listener.active()), public_address(listener),
                   listener.expect_proxy() ? "expected" : "", seconds(listener.front_timeout()),
                   seconds(listener.back_timeout()), seconds(listener.connect_timeout()),
                   seconds(listener.request_timeout()), listener.sticky_name()});
        notes += note(address, listener);
    }
    return table.text() + notes;
}

std::string show_tcp(const auto& listeners) {
    if (listeners.empty()) return {};
    Table table({"address", "state", "public address", "PROXY", "front", "back", "connect"});
    for (const auto& [address, listener] : by_address(listeners)) {
        table.row({address, state(listener.active()), public_address(listener),
                   listener.expect_proxy() ? "expected" : "", seconds(listener.front_timeout()),
                   seconds(listener.back_timeout()), seconds(listener.connect_timeout())});
    }
    return table.text();
}

std::string show_udp(const auto& listeners) {
    if (listeners.empty()) return {};
    Table table({"address", "state", "public address", "front", "back", "largest datagram", "flows"});
    for (const auto& [address, listener] : by_address(listeners)) {
        table.row({address, state(listener.active()), public_address(listener), seconds(listener.front_timeout()),
                   seconds(listener.back_timeout()), std::to_string(listener.max_rx_datagram_size()),
                   listener.max_flows() == 0 ? "automatic" : std::to_string(listener.max_flows())});
    }
    return table.text();
}

}  // namespace

std::string show_listeners(const command::ListenersList& listeners) {
    const std::string out = section("HTTP listeners", show_http(listeners.http_listeners())) +
                            section("HTTPS listeners", show_http(listeners.https_listeners())) +
                            section("TCP listeners", show_tcp(listeners.tcp_listeners())) +
                            section("UDP listeners", show_udp(listeners.udp_listeners()));
    return out.empty() ? "No listeners\n" : out;
}

}  // namespace seki::ctl
