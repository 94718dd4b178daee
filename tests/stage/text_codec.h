#pragma once

// A wire format that nobody speaks, with numbered streams, resets, credit, heads that depend on each other and frames
// of its own: all that HTTP/2 asks of an exchange and of a connection, one line per event. It keeps exchanges honest:
// they must work with whatever says its events, and with others beside them.
//
//     H 7 POST /path open     the head of a request on stream 7, with a body
//     H 9 GET ^/more          the path of the head before, and more of it: a head cannot be read twice
//     H 9 GET /path upgrade   asks for another protocol
//     H 9 GET /path as dTpw   with credentials (Basic)
//     B 7 hello               some of its body
//     E 7                     its end
//     R 7                     the client gives it up
//     S 100                   from now on bodies need credit, both ways: 100 bytes of each answer, and none of a
//     request W 7 50                  credit for 50 bytes more of the answer on stream 7, or with stream 0 of each P
//     text                  "p text" shall come back
//
// Answers: "h 7 200", "f 7 Name value" for the fields named Tag and Len, "b 7 5" and five bytes, "e 7"; "r 7" when the
// proxy gives it up; "s" for S, "w 7 50" for credit, "g" when the proxy goes away. What stands before the path is the
// host ("b/path"), else it is "a". A path of digits is the request's Tag.

#include <map>
#include <string>

#include "http/codec.h"

namespace seki::stage {

class TextCodec final : public http::ServerCodec {
public:
    static constexpr size_t max_streams = 6;
    // While so many bytes of own frames wait, no more lines are read.
    static constexpr size_t max_own_frames = 64;

    http::Event next(std::string_view input) override;
    http::Event next_at_end_of_input() override { return {}; }
    [[nodiscard]] const http::FieldTable& trailers() const override { return none_; }
    [[nodiscard]] http::RequestHead& head() override { return head_; }

    void write_interim(http::StreamId, const http::ResponseHead&, http::Output&) override {}
    void write_head(http::StreamId stream, const http::ResponseHead& head, std::span<const http::AddedField>, bool,
                    http::Output& out) override;
    [[nodiscard]] size_t send_window(http::StreamId stream) const override;
    size_t write_body(http::StreamId stream, std::string_view body, http::Output& out) override;
    void write_end(http::StreamId stream, const http::FieldTable*, http::Output& out) override;
    [[nodiscard]] size_t own_frames() const override { return own_frames_.size(); }
    void write_own_frames(http::Output& out) override;

    [[nodiscard]] uint64_t incoming_raw(http::StreamId) const override { return 0; }
    bool take_raw(http::StreamId, uint64_t) override { return false; }
    [[nodiscard]] uint64_t outgoing_raw(http::StreamId) const override { return 0; }
    void sent_raw(http::StreamId, uint64_t) override {}
    [[nodiscard]] bool persistent() const override { return true; }
    void grant_credit(http::StreamId stream, size_t bytes) override;
    void give_up(http::StreamId stream) override;
    void open_tunnel(http::StreamId stream) override;
    void go_away() override;
    [[nodiscard]] bool request_complete(http::StreamId stream) const override;
    void finish(http::StreamId stream) override { open_.erase(stream); }

private:
    using Kind = http::Event::Kind;
    struct Open {
        bool complete = false;
        size_t allowed = 0;  // bytes that the owner takes
        size_t told = 0;     // of these, as far as the client knows
        size_t window = 0;   // bytes that the client takes
    };

    // The event of one line; need_more when nobody wants to hear of it.
    http::Event event_of(std::string_view line);
    http::Event head_of(http::StreamId stream, std::string_view rest);
    http::Event body_of(http::StreamId stream, Open& open, std::string_view bytes);
    http::Event widen(http::StreamId stream, size_t bytes);
    bool take_option(std::string_view& rest, std::string_view option);

    http::RequestHead head_;
    http::FieldTable none_;
    std::string method_;
    std::string host_;
    std::string path_;
    std::string credentials_;
    std::string own_frames_;
    std::map<http::StreamId, Open> open_;
    bool counts_credit_ = false;
    bool going_away_ = false;
    size_t first_window_ = 0;
};

}  // namespace seki::stage
