#pragma once

// The settings of listeners that are one number or one switch, in one table. The file has each as a key, the command
// line as an option, and the check its bounds from here; the schema has the fields, in the messages of the listeners
// and of their updates.

#include <cstdint>
#include <google/protobuf/message.h>
#include <span>
#include <string_view>
#include <vector>

namespace seki::config {

// Which listeners have it: `stream` all but those of UDP, `http` and `http2` those of HTTP and HTTPS.
enum class SettingOf : uint8_t { stream, http, http2, udp };

struct ListenerSetting {
    enum class Form : uint8_t {
        number,
        seconds,         // said with the unit where it is refused
        seconds_or_off,  // a number, or "off", which is config::timeout_off
        flag
    };

    std::string_view name;  // of the field, and of the key in the file; of the option, with dashes
    SettingOf of;
    std::string_view help;
    std::string_view fallback;  // what a listener uses that was never told; empty: it depends
    Form form = Form::number;
    uint64_t min = 0;
    uint64_t max = UINT64_MAX;
};

[[nodiscard]] std::span<const ListenerSetting> listener_settings() noexcept;

// Calls `visit(setting)` for each that such listeners have.
template <typename Visit>
void for_each_setting(SettingOf of, Visit visit) {
    for (const ListenerSetting& setting : listener_settings()) {
        if (setting.of == of) visit(setting);
    }
}

// The numbers that the message of a listener, or of an update, says; without those that are "off".
struct SaidNumber {
    const ListenerSetting& setting;
    uint64_t value;
};
[[nodiscard]] std::vector<SaidNumber> said_numbers(const google::protobuf::Message& listener);

// "off" of a setting that may be.
[[nodiscard]] bool is_off(std::string_view setting, uint64_t value) noexcept;

}  // namespace seki::config
