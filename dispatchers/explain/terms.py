"""The single words of the domain in Chinese and English: statuses, results, roles, orders, names of limits and offices.

Beside `words.py`, which has the rules' own sentences.
"""

from __future__ import annotations

from .words import Said, Words

STATUSES: Words = {
    "to_dispatch": Said("待派遣", "waits for dispatch"),
    "verifying": Said("核实中", "a collector looks"),
    "operator": Said("待派遣员处理", "the operator's to decide"),
    "offered": Said("已派单待接", "offered"),
    "accepted": Said("已接单", "accepted"),
    "on_site": Said("现场处置中", "on site"),
    "ordered": Said("工单待签收", "ordered, not signed for"),
    "unit_working": Said("单位办理中", "the unit works on it"),
    "returning": Said("退单审核中", "a return is under review"),
    "disputed": Said("职责争议中", "disputed"),
    "suspended": Said("挂账", "suspended"),
    "penalty": Said("处罚办理中", "a penalty file is open"),
    "criminal": Said("拟移送涉嫌犯罪", "a transfer to the police is proposed"),
    "merged": Said("已并案", "merged"),
    "disposed": Said("已处置待核查", "disposed, to be checked"),
    "checked": Said("已核查待结案", "checked, to be closed"),
    "closed": Said("已结案", "closed"),
    "cancelled": Said("已作废", "cancelled"),
    "transferred": Said("已移送系统外", "transferred out"),
    "handed_over": Said("已移交其他指挥席", "handed over"),
}

RESULTS: Words = {
    "corrected": Said("已改正", "corrected"),
    "simple_penalty": Said("简易处罚", "simple penalty"),
    "general_filed": Said("一般程序立案", "filed by the general procedure"),
    "no_violation": Said("未见违法", "no violation"),
    "not_found": Said("未找到", "not found"),
    "repaired": Said("已修复", "repaired"),
    "served": Said("已服务", "served"),
    "answered": Said("已答复", "answered"),
    "self_handled": Said("自行处置", "settled by the patrol itself"),
}

ORDERS: Words = {
    "ReceiveOffer": Said("收到派单", "receive the offer"),
    "ReportPush": Said("报推送结果", "report a push"),
    "AcceptAssignment": Said("接单", "accept"),
    "ReturnAssignment": Said("退单", "give back"),
    "ReportArrival": Said("报到场", "report arrival"),
    "ReportDisposal": Said("报处置", "report disposal"),
    "CheckCase": Said("核查", "check"),
    "CloseCase": Said("结案", "close"),
    "AssignCase": Said("指派", "assign"),
    "EscalateCase": Said("升级", "escalate"),
    "LowerCase": Said("下沉", "send down"),
    "HandOverCase": Said("移交", "hand over"),
    "VerifyCase": Said("核实", "have it verified"),
    "ReportVerification": Said("报核实结果", "report the verification"),
    "ClassifyCase": Said("确定事项", "classify"),
    "MergeCase": Said("并案", "merge"),
    "SplitCase": Said("拆案", "split"),
    "UrgeCase": Said("催办", "urge"),
    "RecordCall": Said("记录电话", "record a call"),
    "SuperviseCase": Said("督办", "supervise"),
    "AnswerCaller": Said("答复", "answer the caller"),
    "RecordCallback": Said("记录回访", "record the call-back"),
    "ReviewReturn": Said("审核退单", "review the return"),
    "OpenDispute": Said("提请争议协调", "open a dispute"),
    "RuleDispute": Said("裁定", "rule"),
    "ApprovePrecedent": Said("批准先例", "approve the precedent"),
    "RequestExtension": Said("申请延期", "ask for an extension"),
    "RequestSuspension": Said("申请挂账", "ask for a suspension"),
    "ReviewRelaxation": Said("审批延期挂账", "review the wish for time"),
    "ResumeCase": Said("恢复办理", "resume"),
    "AskOffice": Said("请求协同", "ask an office"),
    "SignRequest": Said("签收请求", "sign the request"),
    "AnswerRequest": Said("回复请求", "answer the request"),
    "ConfirmProposal": Said("确认建议", "confirm the proposal"),
    "RecuseOfficers": Said("回避", "recuse officers"),
    "FilePenalty": Said("处罚立案", "file a penalty"),
    "ProposeCriminalTransfer": Said("提请移送犯罪线索", "propose a criminal transfer"),
    "DecideCriminalTransfer": Said("决定移送犯罪线索", "decide the criminal transfer"),
    "TransferCase": Said("移送系统外", "transfer out"),
    "CancelCase": Said("作废", "cancel"),
    "ReopenCase": Said("重新办理", "reopen"),
    "AppealOverdue": Said("超期申诉", "appeal against the lateness"),
    "ReviewAppeal": Said("审查申诉", "review the appeal"),
    "SetDuty": Said("调整在岗", "set duty"),
    "AdoptCity": Said("采用新版城市数据", "adopt a version of the city"),
    # letters that can be refused like orders
    "RegisterCase": Said("登记", "register"),
    "UpdateCase": Said("补充", "update"),
}

ROLES: Words = {
    "squad": Said("队员", "officer"),
    "leader": Said("队长", "leader"),
    "checker": Said("监督员", "checker"),
    "operator": Said("派遣员", "operator"),
    "chief": Said("值班长", "chief"),
    "coordination": Said("统筹协调机构", "coordination body"),
    "supervisor": Said("督察", "supervisor"),
    "town": Said("镇街", "town seat"),
    "hotline": Said("热线", "hotline"),
    "unit": Said("单位", "unit"),
    "notifier": Said("推送程序", "notifier"),
    "admin": Said("管理员", "admin"),
}

LEVELS: Words = {"town": Said("镇街", "town"), "county": Said("县", "county"), "city": Said("市", "city")}

KINDS: Words = {
    "complaint": Said("投诉", "complaint"),
    "report": Said("举报", "report"),
    "consult": Said("咨询", "consult"),
    "help": Said("求助", "request for help"),
    "suggestion": Said("建议", "suggestion"),
    "praise": Said("表扬", "praise"),
    "event": Said("城管事件", "city event"),
    "component": Said("城管部件", "component"),
}

ORIGINS: Words = {
    "source": Said("来源自述", "the source itself"),
    "category": Said("来源分类", "its category"),
    "words": Said("文字", "its words"),
}

DUTIES: Words = {
    "source": Said("源头监管", "supervision at the source"),
    "post_approval": Said("审批后监管", "supervision after approval"),
    "routine": Said("日常监管", "routine supervision"),
    "follow_up": Said("后续监管", "follow-up"),
    "penalty": Said("行政处罚", "penalty"),
    "coercion": Said("行政强制", "coercion"),
    "tech_test": Said("技术检测", "technical test"),
    "policy": Said("政策制定", "policy"),
    "repair": Said("维修", "repair"),
    "service": Said("服务", "service"),
    "reply": Said("答复", "reply"),
}

TRANSFERS: Words = {
    "transferred": Said("已划转", "transferred"),
    "not_transferred": Said("未划转", "not transferred"),
    "to_return": Said("拟收回", "to return"),
    "too_specialised": Said("专业性过强", "too specialised"),
    "pending_capacity": Said("待具备承接能力", "waits for capacity"),
    "should_transfer": Said("应划转", "should be transferred"),
    "review": Said("评估中", "under review"),
}

RESPONSIBILITIES: Words = {
    "government": Said("政府责任", "the government's responsibility"),
    "enforcement": Said("执法责任", "the enforcement force's responsibility"),
    "department": Said("部门责任", "the department's responsibility"),
    "post": Said("岗位责任", "the post's responsibility"),
}

COLOURS: Words = {
    "green": Said("绿", "green"),
    "yellow": Said("黄", "yellow"),
    "red": Said("红", "red"),
    "paused": Said("暂停", "paused"),
}

# Names of limits and of stages, as in Term.name and DeadlineMissed.name.
LIMITS: Words = {
    "accept": Said("受理", "acceptance"),
    "dispose": Said("处置", "disposal"),
    "reply": Said("答复来电人", "reply to the caller"),
    "supervise": Said("督办", "supervision"),
    "stop": Said("制止", "stopping"),
    "penalise": Said("处罚", "penalising"),
    "demolish": Said("拆除", "demolishing"),
    "operator": Said("派遣员处理", "the operator's decision"),
    "arrive": Said("到场", "arrival"),
    "penalty": Said("处罚决定", "the penalty"),
    "penalty_decision": Said("处罚决定", "the penalty"),
    "criminal": Said("移送决定", "the decision about a crime"),
    "check": Said("核查", "the check"),
    "close": Said("结案", "closing"),
    "callback": Said("回访", "calling back"),
    "dispute": Said("争议裁定", "the ruling"),
    "approve": Said("延期挂账审批", "the approval of more time"),
    "request": Said("部门协同", "an office's answer"),
}

UNITS: Words = {
    "seconds": Said("秒", "seconds"),
    "minutes": Said("分钟", "minutes"),
    "hours": Said("小时", "hours"),
    "days": Said("日", "days"),
    "working_hours": Said("个工作时", "working hours"),
    "working_days": Said("个工作日", "working days"),
}

REQUESTS: Words = {
    "notice": Said("告知", "notice"),
    "on_site": Said("到场协助", "presence on site"),
    "test": Said("检测鉴定", "test"),
    "survey": Said("测绘", "survey"),
    "licence_data": Said("许可信息", "licence data"),
    "support": Said("支援", "support"),
    "copy_notice": Said("抄告", "copy notice"),
    "rescue": Said("救援", "rescue"),
    "video": Said("视频调阅", "video"),
    "information": Said("信息共享", "information"),
    "assistance": Said("协助执行", "assistance"),
    "training": Said("培训", "training"),
    "technical": Said("技术支持", "technical support"),
    "acceptance": Said("案件受理", "acceptance"),
    "briefing": Said("通报", "briefing"),
    "transfer": Said("线索移送", "transfer"),
}

# Through what an offer goes beside the squad's own page, and what became of it there.
CHANNELS: Words = {
    "webhook": Said("业务系统回调", "a webhook"),
    "webpush": Said("浏览器", "web push"),
    "worknotice": Said("工作通知", "a work notice"),
    "mqtt": Said("车载终端", "the vehicle's terminal"),
    "node": Said("镇街终端", "the town's terminal"),
}
PUSHES: Words = {
    "sent": Said("已送出", "sent"),
    "failed": Said("未送出", "failed"),
    "limited": Said("已达限额，稍后再送", "its limits are reached for now"),
    "refused": Said("对方拒收", "refused for good"),
    "skipped": Said("不需推送", "not needed"),
}

# Why, as streams/notify says it; an answer's code ("http 503") is the same in both languages.
PUSHED: Words = {
    "node_silent": Said("镇街终端无心跳，立即推送", "the town's terminal is silent, so at once"),
    "off_duty": Said("当班人员均已下班", "everybody it was made to is off duty"),
    "no_device": Said("无可唤醒的设备", "no device can be woken"),
    "no_receiver": Said("无接收人", "nobody to receive it"),
    "nobody_listens": Said("车载终端未订阅", "no terminal subscribes"),
    "timeout": Said("未按时应答", "no answer in time"),
    "unreachable": Said("无法连接", "not reachable"),
    "garbage": Said("应答无法识别", "its answer makes no sense"),
    "no_reason": Said("未说明原因", "without a reason"),
    "gone": Said("地址已失效", "the address is gone"),
    "bad_address": Said("地址有误", "a wrong address"),
    "bad_login": Said("账号或口令有误", "wrong user or password"),
    "not_allowed": Said("无权限", "not allowed"),
    "too_large": Said("超过长度", "too long"),
    "busy": Said("对方繁忙", "it is busy"),
    "rate": Said("每秒条数已满", "too many a second"),
    "quota": Said("配额已满", "its quota is used up"),
    "user_day": Said("每人每日条数已满", "each user had enough today"),
}

RELAXATIONS: Words = {"extension": Said("延期", "extension"), "suspension": Said("挂账", "suspension")}

OUTCOMES: Words = {
    "normal": Said("正常", "normally"),
    "overdue": Said("超期", "overdue"),
    "forced": Said("强制", "by force"),
    "merged": Said("随主案", "with its parent"),
    "rejected": Said("不予受理", "rejected"),
    "not_registered": Said("不予立案", "not registered"),
    "cancelled": Said("作废", "cancelled"),
}

STREAMS: Words = {
    "general": Said("一般程序", "general procedure"),
    "simple": Said("简易程序", "simple procedure"),
    "nonpenalty": Said("不处罚", "no penalty"),
    "self": Said("自行处置", "settled by the patrol itself"),
    "none": Said("不计入三个百分之八十", "in none of the 80 % numbers"),
}

ROLES_OF_HELP: Words = {"lead": Said("由其主办", "it leads"), "help": Said("协办", "it helps")}
TASKS: Words = {
    "cordon": Said("只警戒，不主办", "cordon only, somebody else leads"),
    "technical_part": Said("主持技术部分（该事项拟退回部门）", "to lead the technical part (the matter is to go back)"),
}
BODIES: Words = {"police": Said("公安机关", "the police")}
CLAIMS: Words = {"ahead": Said("超前", "ahead of us"), "behind": Said("滞后", "long ago")}
SUPERIORS: Words = {"line": Said("条", "line"), "block": Said("块", "block")}

# What a flag says when it is up, and when it is not.
FLAGS: dict[str, tuple[Said, Said]] = {
    "found": (Said("属实", "found"), Said("未找到", "not found")),
    "reached": (Said("已联系上", "reached"), Said("未联系上", "not reached")),
    "solved": (Said("已解决", "solved"), Said("", "")),
    "wrong": (Said("原派遣有误", "the dispatch was wrong"), Said("", "")),
    "emergency": (Said("紧急", "emergency"), Said("", "")),
    "month_end": (Said("临近月末，列入审计", "near a month's end, marked for the audit"), Said("", "")),
    "on_time": (Said("按时", "on time"), Said("超时", "late")),
    "accurate": (Said("派遣准确", "dispatched rightly"), Said("派遣有误", "dispatched wrongly")),
    "simulated": (Said("模拟", "simulated"), Said("", "")),
    "guessed": (
        Said("该年放假安排未公布，按周一至周五推算", "guessed: that year's days off are not published"),
        Said("", ""),
    ),
}
