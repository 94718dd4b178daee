#pragma once

// A head that is kept until somebody can act on it: of a request while a password is being checked, of either while the
// connection that it goes to has no room for it. Its codec goes on meanwhile, for it reads nothing twice.

#include <optional>
#include <span>

#include "http/message.h"
#include "net/buffer_pool.h"

namespace seki::proxy {

class KeptRequest {
public:
    // In a buffer with a reservation of its own; nothing when there is none, or the head is too large for one.
    static std::optional<KeptRequest> keep(const http::RequestHead& head, net::BufferPool& buffers);
    // As it is to be sent: with the fields that an edit adds, and without those that were dropped.
    static std::optional<KeptRequest> keep(const http::RequestHead& head, std::span<const http::AddedField> added,
                                           net::BufferPool& buffers);
    // Good as long as this is.
    void show(http::RequestHead& head) const;
    [[nodiscard]] bool has_body() const noexcept { return summary_.body.kind != http::BodyKind::none; }

private:
    http::RequestSummary summary_;
    net::BufferPtr texts_;
    size_t fields_at_ = 0;
    bool odd_names_ = false;
};

class KeptAnswer {
public:
    // As it is to be sent: with the fields that an edit adds, and without those that were dropped.
    static std::optional<KeptAnswer> keep(const http::ResponseHead& head, std::span<const http::AddedField> added,
                                          net::BufferPool& buffers);
    void show(http::ResponseHead& head) const;

private:
    http::ResponseSummary summary_;
    net::BufferPtr texts_;
    size_t fields_at_ = 0;
};

}  // namespace seki::proxy
