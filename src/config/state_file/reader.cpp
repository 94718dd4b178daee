#include "config/state_file/reader.h"

#include <algorithm>
#include <google/protobuf/io/coded_stream.h>

#include "config/file_text.h"
#include "config/state_file/serde.h"

namespace seki::config {
namespace {

// Objects and lists within others: real records have less than ten.
constexpr size_t max_depth = 64;
// Messages within messages, as of a request on the command socket.
constexpr int max_nesting = 32;

bool separates(char c) { return c == '\0' || c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

Result<> read_record(std::string_view text, command::Request& request) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return failure("it is not valid JSON");
    const auto content = json.find("content");
    return from_json(content == json.end() ? json : *content, request);
}

}  // namespace

StateForm state_form(std::string_view path) {
    return path.ends_with(".pb") || path.ends_with(".binpb") ? StateForm::protobuf : StateForm::json;
}

std::string StateFileReader::Record::place() const { return fmt::format("record {} (byte {})", number, byte); }

Result<std::optional<StateFileReader::Record>> StateFileReader::next() {
    if (form_ == StateForm::protobuf) return next_protobuf();
    return next_json();
}

Result<std::optional<StateFileReader::Record>> StateFileReader::next_json() {
    while (at_ < text_.size() && separates(text_[at_])) ++at_;
    if (at_ == text_.size()) return std::nullopt;
    ++number_;
    Record found = record();
    const auto size = end_of_object();
    if (!size) return failure("{}: {}", found.place(), size.error().message);
    if (auto read = read_record(text_.substr(at_, *size), found.request); !read)
        return failure("{}: {}", found.place(), read.error().message);
    at_ += *size;
    return found;
}

// Of the one that begins here. Whether all between is JSON is seen when it is read.
Result<size_t> StateFileReader::end_of_object() const {
    const std::string_view rest = text_.substr(at_);
    if (rest.front() != '{') return failure("it is no record: a record begins with '{{'");
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < rest.size(); ++i) {
        const char c = rest[i];
        if (c == '\0') return failure("it ends in the middle");
        if (c == '"') quoted = !quoted;
        if (quoted && c == '\\') ++i;
        if (quoted) continue;
        if ((c == '{' || c == '[') && ++depth > max_depth) return failure("it is nested too deeply");
        if ((c == '}' || c == ']') && --depth == 0) return i + 1;
    }
    return failure("the file ends in the middle of it");
}

Result<std::optional<StateFileReader::Record>> StateFileReader::next_protobuf() {
    if (at_ == text_.size()) return std::nullopt;
    ++number_;
    Record found = record();
    const std::string_view rest = text_.substr(at_);
    google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(rest.data()),
                                                 static_cast<int>(std::min(rest.size(), max_state_file_size - 1)));
    constexpr uint32_t tag = (command::InitialState::kRequestsFieldNumber << 3U) | 2U;
    uint32_t size = 0;
    if (input.ReadTag() != tag) return failure("{}: this is no record of an InitialState", found.place());
    if (!input.ReadVarint32(&size)) return failure("{}: it has no size", found.place());
    const auto begin = static_cast<size_t>(input.CurrentPosition());
    if (size > rest.size() - begin) return failure("{}: the file ends in the middle of it", found.place());
    const std::string_view payload = rest.substr(begin, size);
    google::protobuf::io::CodedInputStream record(reinterpret_cast<const uint8_t*>(payload.data()),
                                                  static_cast<int>(payload.size()));
    record.SetRecursionLimit(max_nesting);
    command::WorkerRequest request;
    if (!request.ParsePartialFromCodedStream(&record) || !record.ConsumedEntireMessage())
        return failure("{}: this is no request", found.place());
    found.request = std::move(*request.mutable_content());
    at_ += begin + size;
    return found;
}

Result<> for_each_record(const std::string& path,
                         const std::function<Result<>(StateFileReader::Record& record)>& take) {
    const auto text = read_file_text(path, max_state_file_size);
    if (!text) return failure("{}: {}", path, text.error().message);
    StateFileReader reader(*text, state_form(path));
    for (;;) {
        auto record = reader.next();
        if (!record) return failure("{}: {}", path, record.error().message);
        if (!*record) return {};
        if (auto taken = take(**record); !taken)
            return failure("{}: {}: {}", path, (*record)->place(), taken.error().message);
    }
}

}  // namespace seki::config
