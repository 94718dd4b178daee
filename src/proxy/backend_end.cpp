#include "proxy/backend_end.h"

#include "proxy/client.h"

namespace seki::proxy {

namespace {

class Rewriter final : public HeldRequest::Writer {
public:
    Rewriter(BackendEnd& backend, Exchange& exchange) noexcept : backend_(backend), exchange_(exchange) {}

    void head(const http::RequestHead& head, bool) override {
        stream_ = backend_.send_head(exchange_, head, {});
        failed_ = !stream_;
    }
    void body(std::string_view bytes) override {
        failed_ = backend_.body_room(*stream_) < bytes.size();
        if (!failed_) backend_.send_body(*stream_, bytes);
    }
    void end(const http::FieldTable* trailers) override {
        if (!failed_) backend_.send_end(*stream_, trailers);
    }
    [[nodiscard]] bool failed() const override { return failed_; }
    [[nodiscard]] std::optional<http::StreamId> stream() const noexcept { return failed_ ? std::nullopt : stream_; }

private:
    BackendEnd& backend_;
    Exchange& exchange_;
    std::optional<http::StreamId> stream_;
    bool failed_ = false;
};

}  // namespace

std::optional<http::StreamId> BackendEnd::write_again(Exchange& exchange, HeldRequest& held) {
    Rewriter rewriter(*this, exchange);
    held.write_to(rewriter);
    flush();
    return rewriter.stream();
}

void BackendEnd::connection_ended(net::CloseReason reason) {
    --backend_->connections;
    if (reason == net::CloseReason::moved) return;  // it has not
    if (backend_->connections == 0 && backend_->removed) context_.recorder.removed_backend_released(*backend_);
}

bool BackendEnd::keep_idle(Client* client) {
    if (!up_to_date()) return false;
    if (bound_) return client != nullptr && client->own().keep(context_, *this);
    return backend_->keep_alive.worthwhile(context_.loop.now()) && context_.pool.put(*backend_, session_);
}

}  // namespace seki::proxy
