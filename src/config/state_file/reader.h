#pragma once

// Reads a state file: the changes that build a state from nothing, or any others that somebody wrote down by hand.
// There are two forms:
//
//   JSON        records one after another with any blanks, line breaks and NULs between them; Sōzu ends each with both.
//               A record is {"id": …, "content": {"request_type": {…}}} as Sōzu writes it (serde.h), or by hand only
//               what is its content
//   protobuf    one message InitialState (proto/command.proto)
//
// What is wrong is said with the number of the record and the byte at which it begins.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "command.pb.h"

namespace seki::config {

enum class StateForm : uint8_t { json, protobuf };

// *.pb and *.binpb are protobuf.
StateForm state_form(std::string_view path);

// Of a file: 100,000 hosts as JSON have about 300 MB.
inline constexpr size_t max_state_file_size = size_t{2} << 30U;

class StateFileReader {
public:
    struct Record {
        size_t number;  // from 1 on
        size_t byte;    // at which it begins
        command::Request request;

        // "record 7 (byte 812)"
        [[nodiscard]] std::string place() const;
    };

    // `text` outlives this.
    StateFileReader(std::string_view text, StateForm form) : text_(text), form_(form) {}

    // Nothing behind the last one.
    Result<std::optional<Record>> next();

private:
    Result<std::optional<Record>> next_json();
    Result<std::optional<Record>> next_protobuf();
    [[nodiscard]] Result<size_t> end_of_object() const;
    [[nodiscard]] Record record() const { return {number_, at_, {}}; }

    std::string_view text_;
    StateForm form_;
    size_t at_ = 0;
    size_t number_ = 0;
};

// Reads a file and calls `take` with each of its records. An error names the file, and the place of the record, that of
// `take` too. Takes long.
Result<> for_each_record(const std::string& path, const std::function<Result<>(StateFileReader::Record& record)>& take);

}  // namespace seki::config
