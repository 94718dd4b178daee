// Files of nginx and HAProxy, of which nobody knows who wrote them: the first byte says which. What comes of one is
// valid, and it is the same twice.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "config/toml/file.h"
#include "convert/convert.h"

namespace {

using seki::Result;

seki::convert::Files one_file(const std::string& text) {
    return {.read = [text](const std::string& path, size_t) -> Result<std::string> {
                if (path != "/f") return seki::failure("no such file");
                return text;
            },
            .matching = [](const std::string&) { return std::vector<std::string>(); }};
}

bool has_other_mistake(const std::string& text, const seki::config::ReadFile& read) {
    const auto lookup = [](const std::string&) -> Result<std::vector<seki::IpAddress>> {
        return std::vector{seki::IpAddress::v4(0x7F000001)};
    };
    const auto parsed = seki::config::parse(text, "/seki.toml", read, lookup);
    if (parsed) return false;
    for (const auto& each : parsed.error()) {
        // Files of certificates are not there, and what belongs to them is not either.
        const bool of_files =
            each.reason.contains("no such file") || each.key.contains("client_auth") || each.key.contains("client_ca");
        if (each.severity == seki::config::Severity::error && !of_files) return true;
    }
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const auto format = data[0] % 2 == 0 ? seki::convert::Format::nginx : seki::convert::Format::haproxy;
    const seki::convert::Files files = one_file({reinterpret_cast<const char*>(data) + 1, size - 1});
    const auto converted = seki::convert::convert(format, "/f", files);
    if (!converted) {
        SEKI_CHECK(!converted.error().message.empty());
        return 0;
    }
    SEKI_CHECK(!has_other_mistake(converted->text, files.read));
    SEKI_CHECK(seki::convert::convert(format, "/f", files)->text == converted->text);
    return 0;
}
