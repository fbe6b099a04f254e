"""For who keeps it running 平台: processes, decisions a second, how far behind, what failed, pages, replies, memory.

Rare events are shown since the processes started, not as growth: what happened before the first scrape counts too.
"""

from __future__ import annotations

from . import words
from .board import About, Query, Row, bars, board, lines, listed, numbers, quantile, speed

PROCESSES = Row(
    "进程 Processes",
    [
        listed(
            About(
                "进程 Processes",
                "能应答的进程数与应有的进程数，按种类。两数不等时有进程不应答。",
                "Processes that answer and all that are asked, by kind. Where they differ, one does not answer.",
            ),
            "process",
            "进程 process",
            [
                Query('sum by (process) (up{job="paidan"})', "应答 up"),
                Query('count by (process) (up{job="paidan"})', "全部 all"),
                Query("sum by (process) (process_resident_memory_bytes)", "内存 memory"),
                Query("sum by (process) (process_open_fds)", "描述符 descriptors"),
                Query("max by (process) (time() - process_start_time_seconds)", "运行 since"),
            ],
            width=12,
            height=10,
            units={"内存 memory": "bytes", "运行 since": "s"},
        ),
        numbers(
            About(
                "规则版本 Rules",
                "各进程所用规则的版本。出现两个版本，说明升级尚未完成。",
                "The rules that processes decide or fold by, and how many do. Two versions: an update is under way.",
            ),
            [Query("count by (rules) (paidan_rules_info)", "{{rules}}")],
            width=4,
            height=5,
        ),
        numbers(
            About(
                "数字重算 Numbers",
                "正在重读历史时，三个80%暂不更新。",
                "While the past is read, the three numbers are not set.",
            ),
            [Query("max(paidan_targets_replaying)", "重读 reading the past")],
            width=4,
            height=5,
            says={0: "否 no", 1: "是 yes"},
            red_from=1,
        ),
        numbers(
            About(
                "日历已知 Calendar",
                "距放假安排未知的年份的时间（系统时钟）。通知一般在前一年最后几个月公布。",
                "Time until the first year whose days off are not known (clock of the run). A year's notice comes out "
                "in the last months of the one before.",
                "s",
            ),
            [
                Query(
                    "min(paidan_calendar_unknown_from_timestamp_seconds) - max(paidan_target_shown_timestamp_seconds)",
                    "剩余 left",
                )
            ],
            width=4,
            height=5,
        ),
        lines(
            About("内存 Memory", "常驻内存，按进程。", "Resident memory of each kind of process.", "bytes"),
            [Query("sum by (process) (process_resident_memory_bytes)", "{{process}}")],
            width=6,
            height=5,
        ),
        lines(
            About(
                "处理器 CPU",
                "占用的核数，按进程。",
                "Cores in use by each kind of process.",
            ),
            [Query(speed("process_cpu_seconds_total", "process"), "{{process}}")],
            width=6,
            height=5,
        ),
    ],
)

DECISIONS = Row(
    "决定 Decisions",
    [
        lines(
            About(
                "收到 Received",
                "每秒取自各收件主题的消息；silent 为不需记录的（重复信件、无事唤醒）。",
                "Messages a second from each inbox; silent ones need no record (a repeated letter, an idle wake-up).",
                "cps",
            ),
            [Query(speed("paidan_messages_received_total", "topic, outcome"), "{{topic}} {{outcome}}")],
            width=8,
        ),
        lines(
            About(
                "已决定 Decided",
                "每秒写入并确认的记录，按写者。",
                "Records a second, decided and acknowledged, by writer.",
                "cps",
            ),
            [Query(speed("paidan_records_total", "writer"), "{{writer}}")],
            width=8,
        ),
        lines(
            About(
                "拒绝与重复 Refused, repeated",
                "每秒被拒绝的指令，按原因；重复的投诉与指令。",
                "Orders refused a second, by reason; complaints and orders that came twice.",
                "cps",
            ),
            [
                Query(speed("paidan_orders_refused_total", "reason") + " > 0", "拒绝 refused {{reason}}"),
                Query(speed("paidan_orders_refused_total"), "拒绝合计 refused, all"),
                Query(speed("paidan_duplicates_total", "kind"), "重复 repeated {{kind}}"),
            ],
            width=8,
        ),
        lines(
            About(
                "决定时间 Time to decide",
                "决定一条消息的时间，不含写入。",
                "Time to decide one message, without the append.",
                "s",
            ),
            [
                Query(quantile(of, "paidan_decide_seconds", "writer"), f"p{of * 100:.0f} {{{{writer}}}}")
                for of in (0.5, 0.99)
            ],
            width=8,
        ),
        lines(
            About(
                "写入时间 Time to append",
                "一批记录交给消息队列直到全部副本确认的时间。",
                "From handing a batch to the broker to its acknowledgement by all replicas.",
                "s",
            ),
            [Query(quantile(of, "paidan_append_seconds", "log"), f"p{of * 100:.0f} {{{{log}}}}") for of in (0.5, 0.99)],
            width=8,
        ),
        lines(
            About(
                "收件等待 Inbox wait",
                "消息自到达收件主题到作出决定的时间。",
                "From a message's append to its inbox to its decision.",
                "s",
            ),
            [
                Query(quantile(of, "paidan_inbox_wait_seconds", "topic"), f"p{of * 100:.0f} {{{{topic}}}}")
                for of in (0.5, 0.99)
            ],
            width=8,
        ),
    ],
)

BEHIND = Row(
    "滞后 Behind",
    [
        lines(
            About(
                "滞后记录 Lag, records",
                "尚未处理的记录数，按读者与主题。",
                "Records not yet dealt with, by group and topic.",
            ),
            [Query("sum by (group, topic) (paidan_consumer_lag_records)", "{{group}} {{topic}}")],
            width=8,
        ),
        lines(
            About(
                "滞后时间 Lag, seconds",
                "最久的未处理记录已等待的时间。",
                "Age of the oldest record not yet dealt with.",
                "s",
            ),
            [Query("max by (group, topic) (paidan_consumer_behind_seconds)", "{{group}} {{topic}}")],
            width=8,
        ),
        numbers(
            About(
                "测量时效 Measured",
                "距上次测量滞后的时间；页面数据距最新的时间（-1：尚未读完）。测不到的滞后看似没有滞后。",
                "Time since the lag was measured (a lag that is not measured looks like none), and how old what the "
                "screens show may be (-1: not read yet).",
                "s",
            ),
            [
                Query("time() - max(paidan_lag_measured_timestamp_seconds)", "滞后测量 lag measured"),
                Query("max(paidan_gateway_behind_seconds)", "页面数据 screens"),
            ],
            width=8,
            height=8,
        ),
    ],
)

TROUBLE = Row(
    "故障，自启动以来 Trouble, since the start",
    [
        numbers(
            About(
                "死信 Dead letters",
                "无法读取或无法决定而留存的消息，按来源主题。应为0。",
                "Messages that could not be read or decided, kept aside, by the topic they came from. Should be 0.",
            ),
            [Query("sum by (topic) (paidan_dead_letters_total)", "{{topic}}")],
            width=8,
            red_from=1,
        ),
        numbers(
            About(
                "断号信件 Letter gaps",
                "编号越过下一号的信件，按发信者。每一件都是缺陷或丢失。",
                "Letters with a number beyond the next, by sender. Each is a bug or a loss.",
            ),
            [Query("sum by (sender) (paidan_letter_gaps_total)", "{{sender}}")],
            width=8,
            red_from=1,
        ),
        numbers(
            About(
                "无效记录 Void records",
                "不接续日志链的记录（旧进程迟写），按日志。读者无一采用。",
                "Records that continue no chain (a late writer's), by log. No reader takes them.",
            ),
            [Query("sum by (log) (paidan_void_records_total)", "{{log}}")],
            width=8,
            red_from=1,
        ),
        bars(
            About("死信原因 Dead letters, why", "留存的消息按原因。", "Messages kept aside, by reason."),
            "sum by (reason) (paidan_dead_letters_total)",
            "reason",
            width=8,
            names=None,
        ),
        listed(
            About(
                "接管时间 Recovery",
                "从分到分区到重新决定的时间：日志重放，信件补投。",
                "From being given partitions to deciding again: logs folded, letters posted again.",
                "s",
            ),
            "process",
            "进程 process",
            [
                Query("histogram_quantile(0.5, sum by (le, process) (paidan_recovery_seconds_bucket))", "p50"),
                Query("histogram_quantile(0.99, sum by (le, process) (paidan_recovery_seconds_bucket))", "p99"),
                Query("sum by (process) (paidan_recovery_seconds_count)", "次数 times"),
            ],
            width=8,
            units={"次数 times": "none"},
        ),
        lines(
            About(
                "信件、唤醒、快照 Letters, wake-ups, snapshots",
                "每秒投出的信件与唤醒，每秒写完的快照。",
                "Letters and wake-ups posted, and snapshots written, a second.",
                "cps",
            ),
            [
                Query(speed("paidan_letters_posted_total"), "信件 letters"),
                Query(speed("paidan_wake_ups_total"), "唤醒 wake-ups"),
                Query(speed("paidan_snapshots_total"), "快照 snapshots"),
            ],
            width=8,
            height=9,
        ),
    ],
)

SCREENS = Row(
    "看板、页面、答复 Views, pages, replies",
    [
        numbers(
            About(
                "等待 Redis Waiting for Redis",
                "写入 Redis 失败而重试的视图数。Redis 失去的只是重建时间。",
                "Views whose writes to Redis fail and are tried again. It costs a rebuild, never a fact.",
            ),
            # A view has no series before its first failure.
            [Query("sum(paidan_redis_waiting) or vector(0)", "视图 views")],
            width=6,
            red_from=1,
        ),
        numbers(
            About(
                "重写视图 Rebuilds",
                "因 Redis 内容缺失而整体重写的次数，自启动以来。",
                "How often a view was written anew because Redis had lost it, since the start.",
            ),
            [Query("sum by (view) (paidan_redis_rebuilds_total)", "{{view}}")],
            width=6,
        ),
        numbers(
            About(
                "在线 Listening",
                "订阅更新的浏览器，收通知的设备。",
                "Browsers that are told what changes, devices that listen for their notices.",
            ),
            [
                Query("sum(paidan_stream_readers)", "浏览器 browsers"),
                Query("sum(paidan_squad_readers)", "设备 devices"),
            ],
            width=6,
        ),
        numbers(
            About(
                "最久未签收答复 Oldest reply",
                "最久未被来源系统签收的答复（系统时钟）。",
                "Age of the oldest reply that no source's server has acknowledged (clock of the run).",
                "s",
            ),
            [Query("max(paidan_replies_oldest_pending_age_seconds)", "最久 oldest")],
            width=6,
        ),
        lines(
            About(
                "请求 Requests",
                "每秒请求，按用途与结果（正常、拒绝、失败）；只列有过请求的。",
                "Requests a second by what was asked for and how it ended; only what was asked for.",
                "reqps",
            ),
            [
                Query(speed("paidan_http_requests_total", "what, outcome") + " > 0", "{{what}} {{outcome}}"),
                Query(speed("paidan_http_requests_total", "outcome"), "合计 all {{outcome}}"),
            ],
            width=8,
        ),
        lines(
            About(
                "请求时间 Time to an answer",
                "请求到应答的时间，不含长连接。",
                "From a request to its answer; streams are not in it.",
                "s",
            ),
            [Query(quantile(of, "paidan_http_seconds", "process"), f"p{of * 100:.0f}") for of in (0.5, 0.95, 0.99)],
            width=8,
        ),
        lines(
            About(
                "公开事件与答复 Public events, replies",
                "每秒发布的公开事件与答复；投递答复的结果。",
                "Public events and replies published a second, and how deliveries of replies ended.",
                "cps",
            ),
            [
                Query(speed("paidan_facts_published_total"), "公开事件 public events"),
                Query(speed("paidan_replies_published_total", "kind"), "答复 reply {{kind}}"),
                Query(speed("paidan_reply_attempts_total", "outcome"), "投递 delivery {{outcome}}"),
            ],
            width=8,
        ),
        bars(
            About("答复现状 Replies", "给来源系统的答复，按现状。", "Replies to sources, by where they stand."),
            "sum by (state) (paidan_replies)",
            "state",
            width=24,
            height=6,
            names=words.REPLY,
        ),
    ],
)

BOARD = board(
    "paidan-platform",
    About(
        "平台 Platform",
        "进程、决定、滞后、故障、页面。",
        "Processes, decisions, lag, trouble, pages.",
    ),
    [PROCESSES, DECISIONS, BEHIND, TROUBLE, SCREENS],
)
