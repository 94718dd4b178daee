#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "config/certificates.h"
#include "config/file_text.h"
#include "config/state.h"
#include "config/state_file/reader.h"
#include "config/state_file/writer.h"
#include "config/things.h"

namespace seki::config {
namespace {

using command::Request;
using testing::HasSubstr;
using namespace std::string_literals;

struct Folder {
    std::string path;
    Folder() {
        char name[] = "/tmp/seki-state-XXXXXX";
        SEKI_CHECK(mkdtemp(name) != nullptr);
        path = name;
    }
    ~Folder() { SEKI_CHECK(::system(("rm -rf " + path).c_str()) == 0); }
};

Result<State> state_from(std::string_view text, StateForm form = StateForm::json) {
    State state;
    StateFileReader reader(text, form);
    for (;;) {
        auto record = reader.next();
        if (!record) return std::unexpected(record.error());
        if (!*record) return state;
        auto checked = check(std::move((*record)->request));
        if (!checked) return std::unexpected(checked.error());
        if (auto applied = state.apply(*checked); !applied) return std::unexpected(applied.error());
    }
}

std::string refusal(std::string_view text, StateForm form = StateForm::json) {
    const auto state = state_from(text, form);
    return state ? "read" : state.error().message;
}

std::string record_of(const Request& request, StateForm form = StateForm::json) {
    std::string text;
    append_record(text, form, 0, request);
    return text;
}

State some_state() {
    State state;
    Request secured = https_listener("127.0.0.1:443");
    fill_required(secured);
    std::vector<Request> changes{http_listener("127.0.0.1:80"),
                                 tcp_listener("[::1]:81"),
                                 std::move(secured),
                                 cluster("a"),
                                 backend("a", "1", "127.0.0.1:9000"),
                                 http_frontend("a", "127.0.0.1:80", "example.com"),
                                 tcp_frontend("a", "[::1]:81"),
                                 activate(command::HTTP, "127.0.0.1:80"),
                                 connection_limit(7),
                                 ticket_secret('s')};
    for (const Request& change : changes) {
        auto checked = check(change);
        SEKI_CHECK(checked.has_value());
        SEKI_CHECK(state.apply(*checked).has_value());
    }
    return state;
}

TEST(StateFile, what_is_written_is_read_in_both_forms) {
    const Folder folder;
    const State state = some_state();
    for (const std::string name : {"state.json", "state.binpb", "state.pb"}) {
        const std::string path = folder.path + "/" + name;
        const auto records = write_state(state, FileTarget(path), false);
        ASSERT_TRUE(records) << records.error().message;
        EXPECT_EQ(*records, 10U);
        const auto read = state_from(*read_file_text(path), state_form(path));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_TRUE(read->same_as(state)) << name;
        struct stat about{};
        ASSERT_EQ(::stat(path.c_str(), &about), 0);
        EXPECT_EQ(about.st_mode & 0777U, 0600U);
    }
}

TEST(StateFile, without_keys_it_has_no_secret_of_tickets_either) {
    const Folder folder;
    const std::string path = folder.path + "/state.json";
    ASSERT_TRUE(write_state(some_state(), FileTarget(path), true));
    const auto read = state_from(*read_file_text(path));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->ticket_secret(), "");
    EXPECT_EQ(read->limits().max_connections_per_ip, 7U);
}

TEST(StateFile, who_leaves_out_keys_makes_no_text_of_certificates) {
    const Folder folder;
    const std::string path = folder.path + "/state.json";
    State state;
    ASSERT_TRUE(state.apply(*check(certificate("127.0.0.1:443", x509::made::pair_for("shop.example")))));
    Snapshot walk(state);
    Request added;
    ASSERT_TRUE(walk.next(added, certificates_filled(true)));
    EXPECT_TRUE(added.has_add_certificate());
    EXPECT_EQ(added.add_certificate().ByteSizeLong(), 0U);
    EXPECT_EQ(*write_state(state, FileTarget(path), true), 0U);
    EXPECT_EQ(*write_state(state, FileTarget(path), false), 1U);
}

TEST(StateFile, a_record_is_as_those_of_sozu) {
    Request request;
    request.set_remove_cluster("a");
    EXPECT_EQ(record_of(request), "{\"id\":\"SAVE-0\",\"content\":{\"request_type\":{\"REMOVE_CLUSTER\":\"a\"}}}\n\0"s);
}

TEST(StateFile, records_may_be_separated_by_whatever_is_blank_and_written_by_hand) {
    const std::string one = R"({"request_type": {"SET_MAX_CONNECTIONS_PER_IP": 5}})";
    for (const std::string& text :
         {one, "\n\n" + one + "\n", one + "\0"s + one, one + one, one + "\n\0\n\0"s, ""s, "\0"s}) {
        const auto state = state_from(text);
        ASSERT_TRUE(state) << state.error().message << ": " << text;
        EXPECT_EQ(state->limits().max_connections_per_ip, text.find('5') == std::string::npos ? 0U : 5U);
    }
}

TEST(StateFile, text_may_have_brackets_and_quotes) {
    Request request;
    request.set_remove_cluster("a\"}]{[\\");
    const std::string text = record_of(request) + record_of(request);
    StateFileReader both(text, StateForm::json);
    for (int i = 0; i < 2; ++i) {
        auto record = both.next();
        ASSERT_TRUE(record && *record);
        EXPECT_EQ((*record)->request.remove_cluster(), "a\"}]{[\\");
    }
    EXPECT_FALSE(both.next()->has_value());
}

TEST(StateFile, what_is_wrong_is_told_with_its_record_and_byte) {
    const std::string one = R"({"request_type":{"REMOVE_CLUSTER":"a"}})";
    EXPECT_EQ(refusal("hello"), "record 1 (byte 0): it is no record: a record begins with '{'");
    EXPECT_THAT(refusal(one), HasSubstr("Did not find Cluster"));
    const std::string text = one + "\n" + one.substr(0, 20);
    StateFileReader cut(text, StateForm::json);
    ASSERT_TRUE(cut.next());
    EXPECT_EQ(cut.next().error().message,
              fmt::format("record 2 (byte {}): the file ends in the middle of it", one.size() + 1));
    EXPECT_EQ(refusal("{\"request_type\":{\"REMOVE_CLUSTER\":\"a\"}\0}"s), "record 1 (byte 0): it ends in the middle");
    EXPECT_EQ(refusal("{]}"), "record 1 (byte 0): it is not valid JSON");
    EXPECT_EQ(refusal(R"({"request_type":{"FLY":{}}})"), "record 1 (byte 0): request_type: FLY is unknown");
    EXPECT_EQ(refusal(std::string(100, '{')), "record 1 (byte 0): it is nested too deeply");
}

TEST(StateFile, what_is_wrong_in_protobuf_is_told_likewise) {
    const std::string one = record_of(cluster("a"), StateForm::protobuf);
    EXPECT_EQ(refusal(one, StateForm::protobuf), "read");
    EXPECT_EQ(refusal(one + one.substr(0, 5), StateForm::protobuf),
              fmt::format("record 2 (byte {}): the file ends in the middle of it", one.size()));
    EXPECT_EQ(refusal("{}", StateForm::protobuf), "record 1 (byte 0): this is no record of an InitialState");
    EXPECT_EQ(refusal("\x0a\x02\xff\xff", StateForm::protobuf), "record 1 (byte 0): this is no request");
}

TEST(StateFile, keys_are_left_out_with_what_they_belong_to) {
    Request added;
    added.mutable_add_certificate();
    EXPECT_FALSE(leave_out_keys(added));
    Request listener;
    listener.mutable_add_https_listener()->set_key("secret");
    listener.mutable_add_https_listener()->set_certificate("public");
    EXPECT_TRUE(leave_out_keys(listener));
    EXPECT_FALSE(listener.add_https_listener().has_key());
    EXPECT_FALSE(listener.add_https_listener().has_certificate());
    Request secured = cluster("a");
    secured.mutable_add_cluster()->mutable_tls()->set_key("secret");
    EXPECT_TRUE(leave_out_keys(secured));
    EXPECT_FALSE(secured.add_cluster().tls().has_key());
}

TEST(StateFile, what_cannot_be_written_leaves_what_was_there) {
    const Folder folder;
    const std::string path = folder.path + "/state.json";
    ASSERT_TRUE(write_state(State(), FileTarget(path), false));
    EXPECT_THAT(write_state(some_state(), FileTarget(folder.path + "/nowhere/state.json"), false).error().message,
                HasSubstr("cannot make a file beside it: No such file or directory"));
    EXPECT_THAT(write_state(some_state(), FileTarget("/dev/full"), false).error().message,
                HasSubstr("not a regular file"));
    EXPECT_THAT(write_state(some_state(), FileTarget(folder.path), false).error().message,
                HasSubstr("not a regular file"));
    EXPECT_EQ(*read_file_text(path), "");
    ASSERT_TRUE(write_state(some_state(), FileTarget(path), false));
    EXPECT_EQ(::system(("test $(ls " + folder.path + " | wc -l) = 1").c_str()), 0);
}

}  // namespace
}  // namespace seki::config
