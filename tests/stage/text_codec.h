#pragma once

// A wire format that nobody speaks, with numbered streams and resets, one line per event. It keeps exchanges honest:
// they must work with whatever says its events, and with others beside them.
//
//     H 7 POST /path open     the head of a request on stream 7, with a body
//     B 7 hello               some of its body
//     E 7                     its end
//     R 7                     the client gives it up
//
// Answers: "h 7 200", "f 7 Name value" for the fields named Tag and Len, "b 7 5" and five bytes, "e 7"; "r 7" when the
// proxy gives it up. What stands before the path is the host ("b/path"), else it is "a". A path of digits is the
// request's Tag.

#include <map>
#include <string>

#include "http/codec.h"

namespace seki::stage {

class TextCodec final : public http::ServerCodec {
public:
    static constexpr size_t max_streams = 6;

    http::Event next(std::string_view input) override;
    http::Event next_at_end_of_input() override { return {}; }
    [[nodiscard]] const http::FieldTable& trailers() const override { return none_; }
    [[nodiscard]] http::RequestHead& head() override { return head_; }

    void write_interim(http::StreamId, const http::ResponseHead&, http::Output&) override {}
    void write_head(http::StreamId stream, const http::ResponseHead& head, std::span<const http::AddedField>, bool,
                    http::Output& out) override;
    size_t write_body(http::StreamId stream, std::string_view body, http::Output& out) override;
    void write_end(http::StreamId stream, const http::FieldTable*, http::Output& out) override;
    void write_reset(http::StreamId stream, http::Output& out) override;

    [[nodiscard]] uint64_t incoming_raw(http::StreamId) const override { return 0; }
    bool take_raw(http::StreamId, uint64_t) override { return false; }
    [[nodiscard]] uint64_t outgoing_raw(http::StreamId) const override { return 0; }
    void sent_raw(http::StreamId, uint64_t) override {}
    [[nodiscard]] bool persistent() const override { return true; }
    void allow(http::StreamId stream, size_t bytes) override;
    void read_again(http::StreamId stream) override { open_.erase(stream); }
    [[nodiscard]] bool request_complete(http::StreamId stream) const override;
    void finish(http::StreamId stream) override { open_.erase(stream); }

private:
    using Kind = http::Event::Kind;
    struct Open {
        bool complete = false;
        size_t allowed = 0;
    };

    // The event of one line; need_more when nobody wants to hear of it.
    http::Event event_of(std::string_view line);
    http::Event head_of(http::StreamId stream, std::string_view rest);

    http::RequestHead head_;
    http::FieldTable none_;
    std::string method_;
    std::string host_;
    std::string path_;
    std::map<http::StreamId, Open> open_;
};

}  // namespace seki::stage
