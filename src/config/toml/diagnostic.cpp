#include "config/toml/diagnostic.h"

namespace seki::config {
namespace {

// One diagnostic is one line, whatever the file has in its keys and values.
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

std::string Diagnostic::text() const {
    std::string text = file;
    if (line > 0) text += fmt::format(":{}", line);
    if (!key.empty()) text += fmt::format(": {}", key);
    return printable(text + ": " + reason);
}

std::vector<Diagnostic> Diagnostics::take() {
    std::vector<Diagnostic> diagnostics;
    diagnostics.reserve(by_line_.size());
    for (auto& [line, diagnostic] : by_line_) diagnostics.push_back(std::move(diagnostic));
    by_line_.clear();
    return diagnostics;
}

std::string text(const std::vector<Diagnostic>& diagnostics) {
    std::string lines;
    for (const Diagnostic& diagnostic : diagnostics) {
        if (diagnostic.severity == Severity::warning) lines += "warning: ";
        lines += diagnostic.text() + "\n";
    }
    return lines;
}

}  // namespace seki::config
