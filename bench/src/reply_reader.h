#pragma once

// Recognises the end of a reply with a Content-Length, whatever pieces it comes in. Bodies are counted, not kept.

#include <cstdlib>
#include <string>
#include <string_view>

namespace bench {

class ReplyReader {
public:
    enum class Progress { more, complete, broken };

    void reset() {
        head_.clear();
        in_head_ = true;
        body_left_ = 0;
    }

    Progress feed(std::string_view bytes) {
        if (in_head_) {
            const size_t before = head_.size();
            head_.append(bytes.substr(0, largest_head_bytes - before));
            const size_t end = head_.find("\r\n\r\n");
            if (end == std::string::npos) return head_.size() < largest_head_bytes ? Progress::more : Progress::broken;
            bytes.remove_prefix(end + 4 - before);
            head_.resize(end + 2);
            if (!read_head()) return Progress::broken;
        }
        if (bytes.size() > body_left_) return Progress::broken;
        body_left_ -= bytes.size();
        return body_left_ == 0 ? Progress::complete : Progress::more;
    }

    [[nodiscard]] bool is_ok() const { return head_.starts_with("HTTP/1.1 200"); }
    [[nodiscard]] bool announces_close() const { return announces_close_; }

private:
    static constexpr size_t largest_head_bytes = 4096;

    bool read_head() {
        in_head_ = false;
        for (char& c : head_) c = c >= 'A' && c <= 'Z' && &c > head_.data() + 8 ? static_cast<char>(c + 32) : c;
        announces_close_ = head_.find("\r\nconnection: close\r\n") != std::string::npos;
        constexpr std::string_view field = "\r\ncontent-length:";
        const size_t at = head_.find(field);
        if (at == std::string::npos) return false;
        body_left_ = std::strtoull(head_.c_str() + at + field.size(), nullptr, 10);
        return true;
    }

    std::string head_;
    bool in_head_ = true;
    bool announces_close_ = false;
    size_t body_left_ = 0;
};

}  // namespace bench
