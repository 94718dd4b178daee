// Any text must either become a configuration whose changes can be applied, or a list of remarks with lines within it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "config/state.h"
#include "config/toml_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto result = seki::config::parse(text, "fuzz");
    if (!result) {
        SEKI_CHECK(!result.error().empty());
        for (const seki::config::Remark& remark : result.error()) {
            SEKI_CHECK(remark.line <= static_cast<size_t>(std::ranges::count(text, '\n')) + 1);
            SEKI_CHECK(!remark.reason.empty());
            SEKI_CHECK(std::ranges::none_of(remark.text(), [](char c) { return c == '\n'; }));
        }
        return 0;
    }
    SEKI_CHECK(result->server.IsInitialized());
    seki::config::State state;
    for (const auto& change : result->changes) SEKI_CHECK(state.apply(change).has_value());
    return 0;
}
