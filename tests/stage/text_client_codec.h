#pragma once

// The format of text_codec.h as a proxy speaks it to a backend: numbered streams, resets that say whether anybody
// looked at the request, going away, credit.
//
// The proxy writes
//
//     H 1 GET a/path open     the head of a request on stream 1, whose body follows; F 1 Name value: a field of it
//     B 1 5 and 5 bytes       some of its body;  E 1: its end;  R 1: it is given up
//
// and the backend
//
//     h 1 200 Name value, Name value end
//                             the head of an answer, with fields if need be, and no body;  i 1 103: an interim one
//     b 1 5 and 5 bytes       some of its body;  e 1: its end
//     r 1                     the stream is given up;  u 1: and nobody has looked at it
//     g 3                     no more requests; what came on streams above 3 was not looked at
//     S 100                   from now on bodies need credit: 100 bytes of each;  W 1 50: 50 more on stream 1
//     P text                  "p text" shall come back

#include <map>
#include <string>

#include "http/codec.h"

namespace seki::stage {

class TextClientCodec final : public http::ClientCodec {
public:
    static constexpr uint32_t max_streams = 4;

    http::Event next(std::string_view input) override;
    http::Event next_at_end_of_input() override { return {}; }
    [[nodiscard]] const http::FieldTable& trailers() const override { return none_; }
    [[nodiscard]] http::ResponseHead& head() override { return head_; }

    http::StreamId write_head(const http::RequestHead& head, std::span<const http::AddedField> added,
                              http::Output& out) override;
    void restart_answer() override {}
    [[nodiscard]] uint32_t free_streams() const override;
    [[nodiscard]] size_t send_window(http::StreamId stream) const override;
    size_t write_body(http::StreamId stream, std::string_view body, http::Output& out) override;
    void write_end(http::StreamId stream, const http::FieldTable*, http::Output& out) override;
    [[nodiscard]] size_t own_frames() const override { return own_frames_.size(); }
    void write_own_frames(http::Output& out) override;

    [[nodiscard]] uint64_t incoming_raw(http::StreamId) const override { return 0; }
    bool take_raw(http::StreamId, uint64_t) override { return false; }
    [[nodiscard]] uint64_t outgoing_raw(http::StreamId) const override { return 0; }
    void sent_raw(http::StreamId, uint64_t) override {}
    [[nodiscard]] bool persistent() const override { return !going_away_; }
    void grant_credit(http::StreamId stream, size_t bytes) override;
    void give_up(http::StreamId stream) override;
    void open_tunnel(http::StreamId) override {}

private:
    using Kind = http::Event::Kind;
    struct Open {
        size_t allowed = 0;  // bytes of the answer that the owner takes
        size_t window = 0;   // bytes of the request that the backend takes
        bool request_ended = false;
        bool answer_ended = false;
    };

    http::Event event_of(std::string_view line);
    http::Event head_of(http::StreamId stream, std::string_view rest, bool interim);
    http::Event body_of(http::StreamId stream, std::string_view input);
    http::Event reset(http::StreamId stream, bool unprocessed);
    // Of a stream that was not looked at, and whose owner does not know that yet.
    http::Event next_unprocessed();
    void end(http::StreamId stream, bool Open::* direction);

    http::ResponseHead head_;
    http::FieldTable none_;
    std::string fields_;
    std::string own_frames_;
    std::map<http::StreamId, Open> open_;
    http::StreamId next_stream_ = 1;
    http::StreamId last_looked_at_ = UINT32_MAX;
    http::StreamId in_body_ = 0;  // of whose body more bytes come
    size_t body_left_ = 0;
    size_t first_window_ = 0;
    bool counts_credit_ = false;
    bool going_away_ = false;
};

}  // namespace seki::stage
