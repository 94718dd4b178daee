#pragma once

// HTTP/1 towards a client: requests in, answers out, one at a time (RFC 9112).
//
//     head ──► body ──► answering ──► (finish) head …
//
// Whatever follows a request stays unread until its answer is finished.

#include "http/codec.h"
#include "http/h1/body_reader.h"
#include "http/h1/body_writer.h"
#include "http/h1/progress.h"
#include "http/head_storage.h"

namespace seki::http::h1 {

class ServerCodec final : public SingleStreamServerCodec {
public:
    // Both outlive the codec.
    ServerCodec(HeadStorage& storage, const HeadLimits& limits) noexcept : storage_(storage), limits_(limits) {}

    Event next(std::string_view input) override;
    Event next_at_end_of_input() override;
    [[nodiscard]] const FieldTable& trailers() const override { return storage_.trailers; }
    size_t write_body(StreamId stream, std::string_view body, Output& out) override;
    void write_end(StreamId stream, const FieldTable* trailers, Output& out) override;
    [[nodiscard]] uint64_t incoming_raw(StreamId stream) const override;
    bool take_raw(StreamId stream, uint64_t bytes) override;
    [[nodiscard]] uint64_t outgoing_raw(StreamId stream) const override;
    void sent_raw(StreamId stream, uint64_t bytes) override;
    [[nodiscard]] bool persistent() const override { return persistent_; }

    [[nodiscard]] RequestHead& head() override { return storage_.request; }
    void write_interim(StreamId stream, const ResponseHead& head, Output& out) override;
    void write_head(StreamId stream, const ResponseHead& head, std::span<const AddedField> added, bool close,
                    Output& out) override;
    void repeat_head() override { state_ = State::head; }
    [[nodiscard]] bool request_complete(StreamId) const override { return state_ == State::answering; }
    void finish(StreamId stream) override;

    [[nodiscard]] Progress progress() const noexcept;
    // Within a request or its answer.
    [[nodiscard]] bool go_on(const Progress& progress) noexcept;

private:
    enum class State : uint8_t { head, body, answering, failed };
    static constexpr StreamId only_stream = 1;

    Event next_head(std::string_view input);
    Event fail(Fault fault) noexcept;
    [[nodiscard]] Body framing_for(const ResponseHead& head) const noexcept;

    HeadStorage& storage_;
    const HeadLimits& limits_;
    BodyReader reader_;
    BodyWriter writer_;
    uint32_t looked_at_ = 0;  // bytes of an unfinished head that were searched for its end
    State state_ = State::head;
    Version version_ = Version::http11;
    bool to_head_ = false;
    bool persistent_ = true;
};

}  // namespace seki::http::h1
