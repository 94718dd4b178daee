#pragma once

// HTTP/1 towards a backend: requests out, answers in, one at a time (RFC 9112).
//
//     idle ──► waiting ──► (interim …) ──► body ──► idle
//
// Whatever a backend sends while it is asked nothing puts the connection out of step.

#include "http/codec.h"
#include "http/h1/body_reader.h"
#include "http/h1/body_writer.h"
#include "http/h1/progress.h"
#include "http/head_storage.h"

namespace seki::http::h1 {

class ClientCodec final : public http::ClientCodec {
public:
    // Both outlive the codec.
    ClientCodec(HeadStorage& storage, const HeadLimits& limits) noexcept : storage_(storage), limits_(limits) {}

    Event next(std::string_view input) override;
    Event next_at_end_of_input() override;
    [[nodiscard]] const FieldTable& trailers() const override { return storage_.trailers; }
    size_t write_body(StreamId stream, std::string_view body, Output& out) override;
    void write_end(StreamId stream, const FieldTable* trailers, Output& out) override;
    [[nodiscard]] uint64_t incoming_raw(StreamId stream) const override;
    bool take_raw(StreamId stream, uint64_t bytes) override;
    [[nodiscard]] uint64_t outgoing_raw(StreamId stream) const override;
    void sent_raw(StreamId stream, uint64_t bytes) override;
    [[nodiscard]] bool persistent() const override { return state_ == State::idle && persistent_ && writer_.ended(); }

    [[nodiscard]] ResponseHead& head() override { return storage_.response; }
    StreamId write_head(const RequestHead& head, std::span<const AddedField> added, Output& out) override;
    void restart_answer() override;
    [[nodiscard]] uint32_t free_streams() const override { return persistent() ? 1 : 0; }

    [[nodiscard]] Progress progress() const noexcept;
    // Behind the head of a request, until the next one.
    [[nodiscard]] bool go_on(const Progress& progress) noexcept;
    // Whether the head of an answer comes next there; and whether nothing does, behind a whole one.
    [[nodiscard]] static bool awaits_head(const Progress& progress) noexcept {
        return progress.state == static_cast<uint8_t>(State::waiting);
    }
    [[nodiscard]] static bool answered(const Progress& progress) noexcept {
        return progress.state == static_cast<uint8_t>(State::idle);
    }

private:
    enum class State : uint8_t { idle, waiting, body, failed };
    static constexpr StreamId only_stream = 1;

    Event next_head(std::string_view input);
    Event fail(Fault fault) noexcept;

    HeadStorage& storage_;
    const HeadLimits& limits_;
    BodyReader reader_;
    BodyWriter writer_;
    uint32_t looked_at_ = 0;  // bytes of an unfinished head that were searched for its end
    State state_ = State::idle;
    bool to_head_ = false;
    bool persistent_ = true;
};

}  // namespace seki::http::h1
