#pragma once

// The codec of tunnels: one message each way, of any bytes, that ends with its side of the connection. It makes a TCP
// connection and an upgraded one look like any other exchange.

#include "http/codec.h"

namespace seki::proxy {

template <typename Base>
class RawCodec : public Base {
public:
    static constexpr http::StreamId stream = 1;

    http::Event next(std::string_view input) override {
        if (input.empty()) return {};
        return http::Event{.kind = http::Event::Kind::body, .stream = stream, .consumed = input.size(), .body = input};
    }
    http::Event next_at_end_of_input() override {
        incoming_ended_ = true;
        return http::Event{.kind = http::Event::Kind::end, .end = true, .stream = stream};
    }
    [[nodiscard]] const http::FieldTable& trailers() const override {
        static const http::FieldTable none;
        return none;
    }
    size_t write_body(http::StreamId, std::string_view body, http::Output& out) override {
        out.append(body);
        return out.overflow() ? 0 : body.size();
    }
    void write_end(http::StreamId, const http::FieldTable*, http::Output&) override {}
    [[nodiscard]] uint64_t incoming_raw(http::StreamId) const override { return incoming_ended_ ? 0 : UINT64_MAX; }
    bool take_raw(http::StreamId, uint64_t) override { return false; }
    [[nodiscard]] uint64_t outgoing_raw(http::StreamId) const override { return UINT64_MAX; }
    void sent_raw(http::StreamId, uint64_t) override {}
    [[nodiscard]] bool persistent() const override { return false; }

private:
    bool incoming_ended_ = false;
};

class RawServerCodec final : public RawCodec<http::SingleStreamServerCodec> {
public:
    [[nodiscard]] http::RequestHead& head() override {
        static http::RequestHead none;
        return none;
    }
    void write_interim(http::StreamId, const http::ResponseHead&, http::Output&) override {}
    void write_head(http::StreamId, const http::ResponseHead&, std::span<const http::AddedField>, bool,
                    http::Output&) override {}
    void repeat_head() override {}
    [[nodiscard]] bool request_complete(http::StreamId) const override { return false; }
    void finish(http::StreamId) override {}
};

class RawClientCodec final : public RawCodec<http::ClientCodec> {
public:
    [[nodiscard]] http::ResponseHead& head() override {
        static http::ResponseHead none;
        return none;
    }
    http::StreamId write_head(const http::RequestHead&, std::span<const http::AddedField>, http::Output&) override {
        return stream;
    }
    void restart_answer() override {}
    [[nodiscard]] uint32_t free_streams() const override { return 0; }
};

}  // namespace seki::proxy
