#include "observe/access_log.h"

#include <algorithm>
#include <utility>

#include "observe/access_json.h"
#include "observe/access_record.h"

namespace seki::observe {

namespace {

constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view plain = "\x1b[0m";

std::string_view status_colour(uint16_t status) noexcept {
    switch (status / 100) {
        case 2:
            return "\x1b[32m";
        case 3:
            return "\x1b[36m";
        case 4:
            return "\x1b[33m";
        case 5:
            return "\x1b[31m";
        default:
            return "";
    }
}

// The parts of a line, each with its own way of being absent.
class AccessLineWriter {
public:
    AccessLineWriter(LineWriter& line, bool coloured) noexcept : line_(line), coloured_(coloured) {}

    void colour(std::string_view code) noexcept {
        if (coloured_) line_.add(code);
    }

    void word(std::string_view text, size_t limit) noexcept {
        if (text.empty()) return line_.add('-');
        line_.add_word(text, limit);
    }

    void ulid(const Ulid& id) noexcept {
        char text[Ulid::text_size];
        id.write(text);
        line_.add(std::string_view(text, sizeof text));
    }

    // Cut to whole units, the largest one of which there are at least ten.
    void duration(std::optional<Duration> time) noexcept {
        if (!time) return line_.add('-');
        const auto nanoseconds = static_cast<uint64_t>(std::max<int64_t>(time->count(), 0));
        if (nanoseconds >= 10'000'000'000) return quantity(nanoseconds / 1'000'000'000, "s");
        if (nanoseconds >= 10'000'000) return quantity(nanoseconds / 1'000'000, "ms");
        if (nanoseconds >= 10'000) return quantity(nanoseconds / 1'000, "μs");
        quantity(nanoseconds, "ns");
    }

    void context(const AccessLine& access) noexcept {
        colour(bold);
        line_.add('[');
        ulid(access.session);
        line_.add(' ');
        if (access.request) {
            ulid(*access.request);
        } else {
            line_.add('-');
        }
        line_.add(' ');
        word(access.cluster, AccessLog::max_name_bytes);
        line_.add(' ');
        word(access.backend, AccessLog::max_name_bytes);
        line_.add(']');
        colour(plain);
    }

    void times(const AccessLine& access) noexcept {
        duration(access.request_time);
        line_.add('/');
        duration(access.service_time);
        line_.add('/');
        duration(access.response_time);
        line_.add('/');
        duration(access.client_rtt);
        line_.add('/');
        duration(access.backend_rtt);
    }

    void tags(const AccessLine& access) noexcept {
        colour(dim);
        line_.add('[');
        line_.add_printable(access.tags.substr(0, AccessLog::max_tags_bytes));
        bool first = access.tags.empty();
        const auto tag = [&](std::string_view name, std::string_view value, size_t limit) {
            if (value.empty()) return;
            if (!std::exchange(first, false)) line_.add(", ");
            line_.add(name);
            in_brackets(value, limit);
        };
        tag("user-agent=", access.user_agent, AccessLog::max_user_agent_bytes);
        tag("client-subject=", access.client_subject, AccessLog::max_subject_bytes);
        tag("client-fingerprint=", access.client_fingerprint, AccessLog::max_subject_bytes);
        line_.add(']');
        colour(plain);
    }

    void endpoint(const AccessLine& access) noexcept {
        if (!access.has_endpoint) return line_.add('-');
        word(access.authority, AccessLog::max_authority_bytes);
        line_.add(' ');
        word(access.method, AccessLog::max_method_bytes);
        line_.add(' ');
        word(access.path, AccessLog::max_path_bytes);
        line_.add(' ');
        if (access.status == 0) return line_.add('-');
        const std::string_view code = status_colour(access.status);
        if (!code.empty()) colour(code);
        line_.add_number(access.status);
        if (!code.empty()) colour(plain);
    }

private:
    void quantity(uint64_t value, std::string_view unit) noexcept {
        line_.add_number(value);
        line_.add(unit);
    }

    // Between spaces.
    void in_brackets(std::string_view text, size_t limit) noexcept {
        char shown[AccessLog::max_user_agent_bytes];
        const size_t size = std::min({text.size(), limit, sizeof shown});
        std::transform(text.begin(), text.begin() + static_cast<ptrdiff_t>(size), shown, [](char c) {
            if (c == ' ') return '_';
            if (c == '[') return '{';
            return c == ']' ? '}' : c;
        });
        line_.add_word({shown, size}, sizeof shown);
    }

    LineWriter& line_;
    bool coloured_;
};

}  // namespace

AccessLog::AccessLog(LogSink& sink, LineHead& head, const Log& log, Format format)
    : sink_(sink), head_(head), log_(log), format_(format) {
    if (format_ != Format::records) return;
    sink_.set_framing(LogSink::Framing::records);
    record_ = std::make_unique<AccessRecord>(head_.tag());
}

AccessLog::~AccessLog() = default;

void AccessLog::write(const AccessLine& access) {
    if (!wants(access.failed)) return;
    const std::span<char> window = sink_.open_line(access.now);
    const size_t size = window.empty() ? 0 : write_into(window, access);
    if (size == 0) {
        ++lost_;
        return;
    }
    sink_.close_line(size);
    ++lines_;
}

size_t AccessLog::write_into(std::span<char> window, const AccessLine& access) {
    if (format_ == Format::records) return record_->write(window, access);
    LineWriter line(window);
    if (format_ == Format::json) {
        write_json(line, access, head_.time(access.now), head_.tag());
    } else {
        write_text(line, access);
    }
    return line.size();
}

void AccessLog::write_text(LineWriter& line, const AccessLine& access) {
    AccessLineWriter parts(line, coloured_);
    head_.write(line, access.now, access.failed ? "ERROR-ACCESS" : "INFO-ACCESS ");
    parts.context(access);
    line.add(' ');
    parts.word(access.client, max_name_bytes);
    line.add(' ');
    parts.word(access.backend_address, max_name_bytes);
    line.add(' ');
    parts.times(access);
    line.add(' ');
    line.add_number(access.bytes_in);
    line.add(' ');
    line.add_number(access.bytes_out);
    line.add(' ');
    parts.tags(access);
    line.add(" None ");
    parts.word(access.protocol, max_name_bytes);
    line.add(' ');
    parts.endpoint(access);
    if (!access.message.empty()) {
        line.add(" | ");
        line.add_printable(access.message.substr(0, max_message_bytes));
    }
    line.end_line();
}

}  // namespace seki::observe
