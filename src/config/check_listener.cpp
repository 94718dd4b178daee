#include <array>
#include <cstdint>

#include "config/check_rules.h"
#include "config/limits.h"

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

// The three kinds of listener carry the same knobs under different numbers, so they are found by name.
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

template <typename Listener>
void check_common(Examiner& examine, Listener& listener) {
    examine.address("address", *listener.mutable_address());
    if (listener.has_public_address()) examine.address("public_address", *listener.mutable_public_address());
    examine.wants("expect_proxy", listener.expect_proxy(), Feature::proxy_protocol);
    examine.timeout("front_timeout", listener.front_timeout());
    examine.timeout("back_timeout", listener.back_timeout());
    examine.timeout("connect_timeout", listener.connect_timeout());
    listener.set_active(false);
}

}  // namespace

void check_listener(Examiner& examine, command::HttpListenerConfig& listener) {
    check_common(examine, listener);
    examine.timeout("request_timeout", listener.request_timeout());
    if (listener.sticky_name().empty()) listener.set_sticky_name("SOZUBALANCEID");
    examine.token("sticky_name", listener.sticky_name(), max_header_name_size);
    if (listener.has_sozu_id_header()) {
        examine.token("sozu_id_header", listener.sozu_id_header(), max_header_name_size);
    }
    examine.wants("answers", !listener.answers().empty(), Feature::custom_answers);
    examine.wants("http_answers", listener.http_answers().ByteSizeLong() > 0, Feature::custom_answers);
    check_h2_knobs(examine, listener);
}

void check_listener(Examiner& examine, command::TcpListenerConfig& listener) { check_common(examine, listener); }

}  // namespace seki::config
