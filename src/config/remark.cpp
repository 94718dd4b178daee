#include "config/remark.h"

namespace seki::config {
namespace {

std::vector<Remark> values(std::multimap<uint32_t, Remark> by_line) {
    std::vector<Remark> remarks;
    remarks.reserve(by_line.size());
    for (auto& [line, remark] : by_line) remarks.push_back(std::move(remark));
    return remarks;
}

// One remark is one line, whatever the file has in its keys and values.
std::string printable(std::string_view text) {
    std::string shown;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            shown += fmt::format("\\x{:02x}", byte);
        } else {
            shown += c;
        }
    }
    return shown;
}

}  // namespace

std::string Remark::text() const {
    std::string text = file;
    if (line > 0) text += fmt::format(":{}", line);
    if (!key.empty()) text += fmt::format(": {}", key);
    return printable(text + ": " + reason);
}

std::vector<Remark> Remarks::take_errors() { return values(std::move(errors_)); }

std::vector<Remark> Remarks::take_warnings() { return values(std::move(warnings_)); }

}  // namespace seki::config
