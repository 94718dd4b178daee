#include <cstdlib>
#include <gmock/gmock.h>

#include "ctl/ctl.h"
#include "ctl/spoken.h"

namespace seki::ctl {
namespace {

using config::Severity;
using testing::HasSubstr;
using testing::StartsWith;

struct RunTest : testing::Test {
    Directory directory;
    std::string started;
    std::string checked;
    std::vector<config::Diagnostic> diagnostics;
    std::string out;
    std::string err;

    ~RunTest() override { ::unsetenv("SEKI_CONFIG"); }

    int run(std::string_view line) {
        const std::vector<std::string> words = words_of("seki " + std::string(line));
        std::vector<const char*> arguments;
        for (const std::string& word : words) arguments.push_back(word.c_str());
        const Roles roles{.start =
                              [this](const std::string& path) {
                                  started = path;
                                  return 7;
                              },
                          .check_config =
                              [this](const std::string& path) {
                                  checked = path;
                                  return diagnostics;
                              }};
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        const int code = ctl::run(static_cast<int>(arguments.size()), arguments.data(), roles);
        out = testing::internal::GetCapturedStdout();
        err = testing::internal::GetCapturedStderr();
        return code;
    }
};

TEST_F(RunTest, start_becomes_the_supervisor_and_ends_as_it_does) {
    EXPECT_EQ(run("start -c a.toml"), 7);
    EXPECT_EQ(started, "a.toml");
}

TEST_F(RunTest, the_configuration_is_that_of_the_line_then_of_the_environment_then_the_usual_one) {
    ::unsetenv("SEKI_CONFIG");
    run("start");
    EXPECT_EQ(started, "/etc/seki/seki.toml");
    ::setenv("SEKI_CONFIG", "env.toml", 1);
    run("start");
    EXPECT_EQ(started, "env.toml");
    run("start --config line.toml");
    EXPECT_EQ(started, "line.toml");
}

TEST_F(RunTest, a_configuration_is_checked_without_a_server) {
    EXPECT_EQ(run("config check -c a.toml"), 0);
    EXPECT_EQ(out, "a.toml is valid\n");
    EXPECT_EQ(err, "");
    diagnostics = {{Severity::warning, "a.toml", 1, "one", "odd"}, {Severity::error, "a.toml", 2, "two", "bad"}};
    EXPECT_EQ(run("config check -c a.toml"), 1);
    EXPECT_EQ(out, "");
    EXPECT_EQ(err, "warning: a.toml:1: one: odd\nerror: a.toml:2: two: bad\n");
    diagnostics.pop_back();
    EXPECT_EQ(run("config check -c a.toml"), 0) << "a warning is no error";
    EXPECT_EQ(out, "a.toml is valid\n");
    EXPECT_EQ(err, "warning: a.toml:1: one: odd\n");
}

TEST_F(RunTest, what_is_said_of_a_configuration_is_a_list_for_programs) {
    EXPECT_EQ(run("config check --json -c a.toml"), 0);
    EXPECT_EQ(out, "[]\n");
    diagnostics = {{Severity::error, "a.toml", 0, "", "cannot open it"},
                   {Severity::warning, "a.toml", 7, "k", "odd \"x\""}};
    diagnostics.back().column = 3;
    diagnostics.back().suggestion = "l";
    EXPECT_EQ(run("config check --json -c a.toml"), 1);
    EXPECT_EQ(err, "");
    EXPECT_EQ(out, R"([
  {
    "severity": "error",
    "file": "a.toml",
    "line": null,
    "column": null,
    "key": null,
    "message": "cannot open it",
    "suggestion": null
  },
  {
    "severity": "warning",
    "file": "a.toml",
    "line": 7,
    "column": 3,
    "key": "k",
    "message": "odd \"x\"",
    "suggestion": "l"
  }
]
)");
}

TEST_F(RunTest, who_names_the_socket_needs_no_configuration_but_one_that_is_named_must_be_good) {
    ::setenv("SEKI_CONFIG", "/no/such/file", 1);
    EXPECT_EQ(run("status"), 1);
    EXPECT_THAT(err, StartsWith("/no/such/file: cannot open it"));
    const std::string socket = directory.path() + "/s";
    EXPECT_EQ(run("status --socket " + socket), 1);
    EXPECT_THAT(err, StartsWith("no Seki listens on " + socket));
    EXPECT_EQ(run("status --socket " + socket + " -c /no/such/file"), 1);
    EXPECT_THAT(err, StartsWith("/no/such/file: cannot open it"));
}

TEST_F(RunTest, the_socket_is_the_one_of_the_configuration_unless_the_line_names_one) {
    const std::string config = directory.file("seki.toml", "command_socket = \"one\"");
    run("status -c " + config);
    EXPECT_THAT(err, HasSubstr(directory.path() + "/one"));
    run("status --socket /two -c " + config);
    EXPECT_THAT(err, HasSubstr("no Seki listens on /two"));
}

TEST_F(RunTest, wrong_arguments_end_with_two_and_help_with_zero) {
    EXPECT_EQ(run("frobnicate"), 2);
    EXPECT_EQ(out, "");
    EXPECT_THAT(err, StartsWith("seki: 'frobnicate' is unknown"));
    EXPECT_EQ(run("--help"), 0);
    EXPECT_THAT(out, StartsWith("Seki, a dynamic reverse proxy"));
    EXPECT_EQ(err, "");
}

}  // namespace
}  // namespace seki::ctl
