#include "config/toml/remark.h"

namespace seki::config {
namespace {

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

std::vector<Remark> Remarks::take() {
    std::vector<Remark> remarks;
    remarks.reserve(by_line_.size());
    for (auto& [line, remark] : by_line_) remarks.push_back(std::move(remark));
    by_line_.clear();
    return remarks;
}

std::string text(const std::vector<Remark>& remarks) {
    std::string lines;
    for (const Remark& remark : remarks) {
        if (remark.severity == Severity::warning) lines += "warning: ";
        lines += remark.text() + "\n";
    }
    return lines;
}

}  // namespace seki::config
