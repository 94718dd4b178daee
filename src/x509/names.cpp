#include "x509/names.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <ranges>

#include "base/ascii.h"
#include "base/ip_address.h"

namespace seki::x509 {
namespace {

constexpr size_t max_name_size = 253;  // RFC 1035 §2.3.4, in the written form
constexpr size_t max_label_size = 63;
constexpr std::string_view common_name_oid = "\x55\x04\x03";

bool is_label(std::string_view label) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !label.empty() && label.size() <= max_label_size && std::ranges::all_of(label, allowed);
}

std::optional<std::string> address_text(std::string_view bytes) {
    if (bytes.size() == 4) {
        uint32_t ip = 0;
        for (const char c : bytes) ip = ip << 8 | static_cast<uint8_t>(c);
        return IpAddress::v4(ip).text();
    }
    std::array<uint8_t, 16> ip{};
    if (bytes.size() != ip.size()) return {};
    std::memcpy(ip.data(), bytes.data(), ip.size());
    return IpAddress::v6(ip).text();
}

void add_name(std::vector<std::string>& names, std::optional<std::string> name) {
    if (name && std::ranges::find(names, *name) == names.end()) names.push_back(std::move(*name));
}

}  // namespace

std::optional<std::string> normal_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > max_name_size) return {};
    std::string normal(name.size(), '\0');
    write_lower(name, normal.data());
    std::string_view labels = normal;
    if (labels.starts_with("*.")) labels.remove_prefix(2);
    if (labels.empty()) return {};
    for (const auto label : std::views::split(labels, '.')) {
        if (!is_label(std::string_view(label.begin(), label.end()))) return {};
    }
    return normal;
}

std::string wildcard_for(std::string_view host) {
    const size_t dot = host.find('.');
    if (dot == 0 || dot == std::string_view::npos || dot + 1 == host.size()) return {};
    return "*" + std::string(host.substr(dot));
}

bool read_alternative_names(std::string_view extension, std::vector<std::string>& names) {
    constexpr uint8_t dns_name = tag::context(2);
    constexpr uint8_t ip_address = tag::context(7);
    const auto content = only_content(extension, tag::sequence);
    if (!content) return false;
    DerReader list(*content);
    while (!list.done()) {
        const auto name = list.next();
        if (!name) return false;
        if (name->tag == dns_name) add_name(names, normal_name(name->content));
        if (name->tag == ip_address) add_name(names, address_text(name->content));
    }
    return true;
}

bool read_common_name(std::string_view subject, std::vector<std::string>& names) {
    std::string_view last;
    DerReader list(subject);
    while (!list.done()) {
        const auto set = list.content(tag::set);
        if (!set) return false;
        DerReader attributes(*set);
        while (!attributes.done()) {
            const auto attribute = attributes.content(tag::sequence);
            if (!attribute) return false;
            DerReader parts(*attribute);
            const auto type = parts.content(tag::oid);
            const auto value = parts.next();
            if (!type || !value || !parts.done()) return false;
            if (*type == common_name_oid) last = value->content;
        }
    }
    add_name(names, normal_name(last));
    return true;
}

}  // namespace seki::x509
