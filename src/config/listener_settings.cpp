#include "config/listener_settings.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "config/limits.h"
#include "http/message.h"

namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Form = ListenerSetting::Form;

constexpr ListenerSetting timeout(std::string_view name, SettingOf of, std::string_view help,
                                  std::string_view fallback) {
    return {name, of, help, fallback, Form::seconds, min_timeout_s, max_timeout_s};
}

// RFC 9113 has the bounds of the window in §6.9.1 and §6.9.2.
constexpr std::array settings = std::to_array<ListenerSetting>({
    timeout("front_timeout", SettingOf::stream, "Seconds that a client may be silent", "60"),
    timeout("back_timeout", SettingOf::stream, "Seconds that a backend may be silent", "30"),
    timeout("connect_timeout", SettingOf::stream, "Seconds to connect to a backend", "3"),

    {"elide_lookalike_fields", SettingOf::http,
     "Whether fields are dropped that CGI takes for one that Seki vouches for", "true", Form::flag},
    timeout("request_timeout", SettingOf::http, "Seconds for the whole head of a request", "10"),
    timeout("tunnel_timeout", SettingOf::http, "Seconds that an upgraded connection may be silent", ""),
    {"max_header_bytes", SettingOf::http, "Bytes of a request's head", "16384", Form::number, min_header_limit,
     max_header_limit},
    {"max_header_fields", SettingOf::http, "Fields of a request's head", "128", Form::number, 1,
     http::FieldTable::capacity},
    {"max_uri_bytes", SettingOf::http, "Bytes of a request's target", "8192", Form::number, 1, max_header_limit},
    {"max_body_bytes", SettingOf::http, "Bytes of a request's body; 0 = no limit", "0"},
    {"min_body_rate", SettingOf::http, "Bytes in a second that a request's body must keep up; 0 = no limit", "0",
     Form::number, 0, max_body_rate},
    {"lingering_bytes", SettingOf::http, "Bytes of a request that may follow its answer before the connection is reset",
     "67108864"},
    {"lingering_timeout", SettingOf::http, "Seconds that they may take", "30", Form::number, 0, max_timeout_s},
    {"client_half_close_timeout", SettingOf::http,
     "Seconds without traffic until a client that ended its sending side counts as gone", "2", Form::seconds_or_off, 0,
     max_timeout_s},

    {"h2_max_rst_stream_per_window", SettingOf::http2, "RST_STREAM frames in a second", "100", Form::number, 1},
    {"h2_max_ping_per_window", SettingOf::http2, "PING frames in a second", "100", Form::number, 1},
    {"h2_max_settings_per_window", SettingOf::http2, "SETTINGS frames in a second", "50", Form::number, 1},
    {"h2_max_empty_data_per_window", SettingOf::http2, "Empty DATA frames in a second", "100", Form::number, 1},
    {"h2_max_window_update_stream0_per_window", SettingOf::http2, "WINDOW_UPDATE frames of the connection in a second",
     "100", Form::number, 1},
    {"h2_max_continuation_frames", SettingOf::http2, "CONTINUATION frames in a header block", "20", Form::number, 1},
    {"h2_max_glitch_count", SettingOf::http2, "Oddities in a second until the connection is closed", "100",
     Form::number, 1},
    {"h2_initial_connection_window", SettingOf::http2, "Bytes of the connection's receive window", "1048576",
     Form::number, 65'535, INT32_MAX},
    {"h2_max_concurrent_streams", SettingOf::http2, "Streams at once", "100", Form::number, 1, 10'000},
    {"h2_stream_shrink_ratio", SettingOf::http2, "When closed streams' memory is given back", "2", Form::number, 2,
     UINT32_MAX},
    {"h2_max_rst_stream_lifetime", SettingOf::http2, "RST_STREAM frames received in a connection's life", "10000",
     Form::number, 1},
    {"h2_max_rst_stream_abusive_lifetime", SettingOf::http2,
     "Streams reset before their answer began, in a connection's life", "50", Form::number, 1},
    {"h2_max_rst_stream_emitted_lifetime", SettingOf::http2, "RST_STREAM frames sent in a connection's life", "500",
     Form::number, 1},
    {"h2_max_header_list_size", SettingOf::http2, "Bytes of a decoded header list", "65536", Form::number, 1},
    {"h2_max_header_table_size", SettingOf::http2, "Bytes of the HPACK table", "65536", Form::number, 1},
    {"h2_max_header_fields", SettingOf::http2, "Fields of a header list, pieces of cookies included", "128",
     Form::number, 1},
    {"h2_stream_refusal_percent", SettingOf::http2,
     "Percent of the limit of early resets at which new streams are refused; 0 = never", "50"},
    {"h2_stream_idle_timeout_seconds", SettingOf::http2, "Seconds that a stream may be silent", "", Form::number,
     min_timeout_s, max_timeout_s},
    {"h2_graceful_shutdown_deadline_seconds", SettingOf::http2, "Seconds to drain after GOAWAY; 0 = no limit", "5",
     Form::number, 0, max_timeout_s},

    timeout("front_timeout", SettingOf::udp, "Seconds that a flow lives without a datagram from the client", "30"),
    timeout("back_timeout", SettingOf::udp, "Seconds that a flow lives without a datagram from the backend", "30"),
    {"max_rx_datagram_size", SettingOf::udp, "Bytes of the largest datagram that is accepted", "1500"},
    {"max_flows", SettingOf::udp, "Flows at once; 0 = as many as descriptors allow", "0"},
});

uint64_t number_of(const Message& message, const FieldDescriptor& field) {
    const bool wide = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
    const auto& reflection = *message.GetReflection();
    return wide ? reflection.GetUInt64(message, &field) : reflection.GetUInt32(message, &field);
}

}  // namespace

std::span<const ListenerSetting> listener_settings() noexcept { return settings; }

std::vector<SaidNumber> said_numbers(const Message& listener) {
    std::vector<const FieldDescriptor*> present;
    listener.GetReflection()->ListFields(listener, &present);
    std::vector<SaidNumber> said;
    for (const FieldDescriptor* field : present) {
        const auto* const setting = std::ranges::find(settings, field->name(), &ListenerSetting::name);
        if (setting == settings.end() || setting->form == Form::flag) continue;
        const uint64_t value = number_of(listener, *field);
        if (!is_off(setting->name, value)) said.push_back({*setting, value});
    }
    return said;
}

bool is_off(std::string_view setting, uint64_t value) noexcept {
    const auto* const found = std::ranges::find(settings, setting, &ListenerSetting::name);
    return found != settings.end() && found->form == Form::seconds_or_off && value == timeout_off;
}

}  // namespace seki::config
