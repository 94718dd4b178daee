#include "observe/access_json.h"

#include <array>

#include "net/address.h"
#include "observe/json_line.h"

namespace seki::observe {

namespace {

void ulid(JsonLine& json, std::string_view name, const Ulid& id) noexcept {
    std::array<char, Ulid::text_size> text;
    id.write(text.data());
    json.text(name, {text.data(), text.size()});
}

struct Address {
    std::string_view name;
    std::string_view port;
};

// "192.0.2.9:51234", "[2001:db8::1]:80", "example.com", a path.
Address split(std::string_view text) noexcept {
    const size_t colon = text.rfind(':');
    const bool has_port = colon != std::string_view::npos &&
                          text.find_first_not_of("0123456789", colon + 1) == text.npos && colon + 1 < text.size();
    Address address{text.substr(0, has_port ? colon : text.size()), has_port ? text.substr(colon + 1) : ""};
    if (address.name.starts_with('[') && address.name.ends_with(']'))
        address.name = address.name.substr(1, address.name.size() - 2);
    return address;
}

void address(JsonLine& json, std::string_view text, std::string_view name, std::string_view port_name, size_t limit) {
    if (text.empty()) return;
    const Address parts = split(text);
    json.text(name, parts.name, limit);
    uint64_t port = 0;
    for (const char digit : parts.port.substr(0, 5)) port = port * 10 + static_cast<uint64_t>(digit - '0');
    if (!parts.port.empty()) json.number(port_name, port);
}

void request(JsonLine& json, const AccessLine& access) noexcept {
    json.text("http.request.method", access.method, AccessLog::max_method_bytes);
    if (access.status != 0) json.number("http.response.status_code", access.status);
    json.text("url.scheme", access.tls_version.empty() ? "http" : "https");
    address(json, access.authority, "server.address", "server.port", AccessLog::max_authority_bytes);
    const size_t question = access.path.find('?');
    json.text("url.path", access.path.substr(0, question), AccessLog::max_path_bytes);
    if (question != std::string_view::npos)
        json.text("url.query", access.path.substr(question + 1), AccessLog::max_path_bytes);
    json.text("user_agent.original", access.user_agent, AccessLog::max_user_agent_bytes);
}

void times(JsonLine& json, const AccessLine& access) noexcept {
    const auto time = [&json](std::string_view name, const std::optional<Duration>& value) {
        if (value) json.seconds(name, *value);
    };
    time("http.server.request.duration", access.request_time);
    time("seki.service.duration", access.service_time);
    time("seki.response.duration", access.response_time);
    time("seki.client.rtt", access.client_rtt);
    time("seki.backend.rtt", access.backend_rtt);
}

void secured(JsonLine& json, const AccessLine& access) noexcept {
    json.text("tls.protocol.version", access.tls_version.substr(access.tls_version.find_first_of("0123456789")));
    json.text("tls.cipher", access.tls_cipher);
    json.text("tls.client.server_name", access.tls_sni, AccessLog::max_authority_bytes);
    json.text("tls.next_protocol", access.tls_alpn);
    json.text("tls.client.subject", access.client_subject, AccessLog::max_name_bytes);
    json.text("tls.client.hash.sha256", access.client_fingerprint, AccessLog::max_name_bytes);
}

void tags(JsonLine& json, const AccessTags& tags) noexcept {
    json.open("seki.tags");
    for (const auto& [name, value] : tags) json.text(name, value, AccessLog::max_tags_bytes);
    json.close();
}

}  // namespace

void write_json(LineWriter& line, const AccessLine& access, std::string_view time, std::string_view tag) noexcept {
    JsonLine json(line);
    json.text("timestamp", time);
    json.text("severity_text", access.failed ? "ERROR" : "INFO");
    json.text("service.instance.id", tag);
    ulid(json, "session.id", access.session);
    if (access.request) ulid(json, "seki.request.id", *access.request);
    address(json, access.client, "client.address", "client.port", AccessLog::max_name_bytes);
    json.text("network.protocol.name", access.protocol);
    if (access.has_endpoint) request(json, access);
    json.text("seki.cluster", access.cluster, AccessLog::max_name_bytes);
    json.text("seki.backend", access.backend, AccessLog::max_name_bytes);
    address(json, access.backend_address, "seki.backend.address", "seki.backend.port", AccessLog::max_name_bytes);
    json.number(access.has_endpoint ? "http.request.size" : "seki.bytes_in", access.bytes_in);
    json.number(access.has_endpoint ? "http.response.size" : "seki.bytes_out", access.bytes_out);
    times(json, access);
    if (!access.tls_version.empty()) secured(json, access);
    json.text(access.failed ? "error.type" : "seki.message", access.message, AccessLog::max_message_bytes);
    if (access.tag_list != nullptr && !access.tag_list->empty()) tags(json, *access.tag_list);
    json.end();
}

}  // namespace seki::observe
