"""Word lists, written by hand for English: what tells nothing, what tells little, and which words mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final


def word_set(text: str) -> frozenset[str]:
    """Return the words of `text`, which are parted by spaces."""
    return frozenset(text.split())


def _table(text: str) -> Iterator[tuple[str, str]]:
    """Yield the two sides of each line of `text`, which are parted by a colon."""
    for line in filter(None, map(str.strip, text.split("\n"))):
        term, _, rest = line.partition(":")
        yield term, rest


# Function words, and the fillers of job adverts and resumes that say nothing about the work.
STOP_WORDS: Final = word_set(
    """
    a about above across after again against all along also am among an and any are as at back be because been
    before being below between both but by can could day days did do does doing don down due during each eight either
    else end etc even ever every few first five for four from further get given had has have having he hence her here
    hers herself him himself his how however i if in including into is it its itself just last later least less let
    like ll long made make makes making many may me might mine more most mr mrs ms much must my myself need
    needs needed neither new next nine no nor not now of off often on once one only onto or other others our ours out
    over own part per plus put rather re s same see several shall she should since so some such than that the
    ten their theirs them themselves then there these they thing things this those three through throughout thus
    time to together too toward towards two under until up upon us use used uses using utilize utilizing ve very
    via was way we well were what when where whether which while who whom whose why will with within without
    would year years yes yet you your yours yourself candidate candidates applicant applicants ideal successful
    seven six seek seeking seeks looking look want wants join company role roles job jobs position positions title
    summary description required requirement requirements requires require preferred preferably nice bonus ideally
    desirable advantage minimum mandatory essential similar equivalent related relevant various variety
    different able ability abilities capability capabilities capable proficiency proficient experience
    experienced experiences familiarity familiar knowledge understanding understand demonstrated proven
    demonstrable track record expertise skill skills skilled strong solid excellent good great exceptional deep
    hands extensive comfortable background competent competence adept mastery sound thorough working responsible
    responsibility responsibilities duty duties necessary possess possessing
    """
)

# Words of every job advert. They keep a little weight, because a resume without any of them is odd too.
GENERIC_WORDS: Final = word_set(
    """
    team teams work works worked worker effective effectively efficient efficiently efficiency ensure ensuring
    ensured high highly quality best practice practices help helping provide provides provided providing deliver
    delivering delivered delivery dynamic passionate motivated fast paced environment environments detail
    oriented attention communication communicate communicating interpersonal verbal written collaborative
    collaborate collaborating collaboration problem problems solve solving solver thinking critical
    independently self starter player contribute contributing success professional professionals level senior
    junior mid entry year people person individual individuals key multiple organization organizations
    organisation complex support supports supporting tasks task process processes procedure procedures issue
    issues manage manages managing managed improve improving improvement lead leading leads identify identifying
    maintain maintaining maintained perform performing performance develop developing create creating created
    implement implementing handle handling oversee overseeing assist assisting drive driving take taking
    participate participating important importance demand demanded hold holding set sets bring idea ideas
    friendly aim aims carry center depth affect affecting internal particular particularly competence prove
    proficiently successfully actively respond answer answering meet meeting meets follow following require
    requiring offer offers keep keeping understandable proper properly appropriate assign assigned assignment
    involve involves involved previously currently value values valued grow growing love care about real thrive
    opinions strongly comfortable enhance optimal prior advanced basic general overall daily regular timely
    needed goals objectives results industry field area areas world innovative
    """
)

# Words of office life that many trades share.
COMMON_WORDS: Final = word_set(
    """
    system systems project projects management manager business operations operation operating operational
    service services customer customers client clients product products solution solutions technical technology
    technologies tool tools application applications software data design designing development developer report
    reports reporting reporter plan plans planning strategy strategies strategic analysis analyst analyze
    analytical training train leadership leader program programs information computer user users staff office
    supervise supervisor supervision engineer engineering specialist assistant associate coordinator coordinate
    coordination consultant expert degree bachelor bachelors master masters education university college
    certification certified certificate standard standards policy policies requirement department stakeholders
    stakeholder internal external monitor monitoring monitored maintenance equipment materials research review
    reviewing documentation document documents resources resource time schedule scheduling administration
    administrative administrator prepare preparing evaluate evaluating assessment conduct conducting build
    building built run running test testing order orders control decision decisions making learning writing
    reading speaking active listening judgment instruction
    """
)

# Spellings of one thing, after what they become.
ALIASES: Final = {
    spelling: term
    for term, spellings in _table(
        """
        .net: dotnet
        accounting: accountancy
        amazon-web-services: aws
        analysis: analyses analyse analyze analyzed analysed analyzing analysing analytical analytics
        angular: angularjs angular.js
        api: apis
        artificial-intelligence: ai
        bachelor: bsc ba bs bachelors
        back-end: backend
        bookkeeping: bookkeeper
        build: built
        buy: bought
        c#: csharp
        c++: cpp
        continuous-delivery: cd
        continuous-integration: ci
        customer-relations: crm
        database: dbs db databases
        developer: programmer
        doctorate: phd doctoral
        drive: drove
        elasticsearch: es
        express: expressjs express.js
        front-end: frontend
        github-actions: gha
        go: golang
        google-cloud: gcp
        grow: grew
        human-resources: hr
        javascript: js ecmascript
        kubernetes: k8s k8
        language-processing: nlp
        lead: led
        machine-learning: ml
        master: msc masters
        mentor: mentored
        micro-services: microservice microservices
        mongodb: mongo
        next.js: nextjs
        node.js: node nodejs
        object-oriented: oop
        postgresql: postgres psql pg
        public-accountant: cpa aca
        python: py
        quality-assurance: qa
        rabbitmq: rabbit
        react: reactjs react.js
        registered-nurse: rn rgn
        rest: restful
        ruby-on-rails: rails ror
        run: ran
        search-optimization: seo
        sell: sold
        sqlserver: mssql
        supervise: supervised
        teach: taught
        terraform: tf
        typescript: ts
        user-experience: ux
        user-interface: ui
        vue: vuejs vue.js
        write: wrote written
        """
    )
    for spelling in spellings.split()
}

# Terms of several words, after what they become; tried from the longest on.
PHRASES: Final = {
    tuple(phrase.split()): term
    for term, phrases in _table(
        """
        active-learning: active learning
        amazon-web-services: amazon web services
        artificial-intelligence: artificial intelligence
        back-end: back end
        continuous-delivery: continuous delivery, continuous deployment
        continuous-integration: continuous integration
        critical-thinking: critical thinking
        database: data base
        event-driven: event driven
        excel: ms excel, microsoft excel
        front-end: front end
        full-stack: full stack
        github-actions: github actions
        google-cloud: google cloud platform, google cloud
        human-resources: human resources
        language-processing: natural language processing
        machine-learning: machine learning
        micro-services: micro services
        microsoft-office: ms office, microsoft office
        object-oriented: object oriented
        on-call: on call
        powerbi: power bi
        problem-solving: problem solving
        public-accountant: public accountant
        quality-assurance: quality assurance
        registered-nurse: registered nurse
        rest: rest api
        ruby-on-rails: ruby on rails
        search-optimization: search engine optimization
        sqlserver: sql server
        time-management: time management
        user-experience: user experience
        user-interface: user interface
        """
    )
    for phrase in phrases.split(",")
}

# Terms of several words that describe a person rather than work.
SOFT_TERMS: Final = frozenset({"problem-solving", "critical-thinking", "active-learning", "time-management"})

# Words whose ending is not a suffix, or whose stem would meet another word.
UNSTEMMED: Final = word_set(
    """
    access address aws bus business chess class communications computer css customer diabetes docker express
    food java kubernetes less letter lighting matter nursing order paper pandas power press process processing
    radius redis rest sales saas series server speed status stress string success tableau theater training
    typing united water wiring
    """
)

# Words that name an occupation or a rank. A line at the head of a resume that holds one is a title and not a name or a
# place. Occupations that are common surnames (Baker, Cook, Carpenter, Judge, Mason) are left out on purpose.
TITLE_WORDS: Final = word_set(
    """
    accountant administrator advisor agent analyst architect assistant associate attorney auditor bookkeeper
    buyer cashier chef chief clerk coach consultant controller coordinator counsel data designer developer
    devops director driver editor electrician engineer engineering estimator executive freelance graduate head
    inspector instructor intern journalist junior lawyer lead leader lecturer librarian machinist manager
    marketing mechanic midwife nurse nursing officer operator optometrist paramedic pharmacist physician
    physiotherapist planner plumber principal producer professor programmer project receptionist recruiter
    registered representative researcher sales scientist secretary senior software solicitor specialist staff
    student superintendent supervisor surveyor teacher technician technologist therapist trainer translator
    tutor veterinarian waiter waitress welder writer
    """
)
