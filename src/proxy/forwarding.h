#pragma once

// What a proxy tells a backend about the client (RFC 7239 and its older relatives): X-Forwarded-For, -Proto, -Port,
// Forwarded, X-Real-IP, X-Request-Id and the correlation id. Lists are continued, statements of an earlier proxy are
// kept.

#include <array>
#include <span>
#include <string_view>

#include "http/message.h"
#include "net/address.h"
#include "proxy/listener.h"

namespace seki::proxy {

class ForwardedFields {
public:
    // Marks what it replaces in `head` as dropped. The fields are views into this object and the arguments.
    void add(http::RequestHead& head, const Listener& listener, const SocketAddress& peer, std::string_view request_id);
    [[nodiscard]] std::span<const http::AddedField> added() const noexcept { return {added_.data(), count_}; }

private:
    static constexpr size_t max_added = 8;
    // Lists longer than this are not joined into one line but continued in another, which means the same (RFC 9110
    // §5.3).
    static constexpr size_t max_joined = 1024;

    void push(std::string_view name, std::string_view value) { added_[count_++] = {name, value}; }
    // "<the values so far>, <value>" as one field.
    void continue_list(http::RequestHead& head, http::FieldId id, std::string_view name, std::string_view value);
    std::string_view store(std::initializer_list<std::string_view> parts);

    std::array<http::AddedField, max_added> added_;
    size_t count_ = 0;
    std::array<char, 4096> text_;
    size_t used_ = 0;
};

}  // namespace seki::proxy
